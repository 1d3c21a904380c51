"""The options of the benchmarks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """The command line of the benchmarks.

    Attributes
    ----------
    data : Path
        Class folders of resized X-rays.
    originals : Path
        Class folders of original X-rays, for the resize benchmarks.
    images : int or None
        Maximum number of images; None takes all.
    backbones : tuple of str
    weights : str
        As in the command `run`.
    folder : Path
        Folder for temporary files.
    """

    data: Path
    originals: Path
    images: int | None
    backbones: tuple[str, ...]
    weights: str
    folder: Path

    @property
    def weights_store(self) -> Path:
        """Folder of random and downloaded weights, shared by all benchmarks."""
        return self.folder / "weights"
