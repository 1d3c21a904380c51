"""What a benchmark is run on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """The command line of the benchmarks.

    Attributes
    ----------
    data : Path
        Class folders of X-rays, resized.
    originals : Path
        Class folders of X-rays as published, for what resizes them.
    images : int or None
        How many at most; None takes all.
    backbones : tuple of str
    weights : str
        As for a run.
    folder : Path
        Receives everything that is written meanwhile.
    """

    data: Path
    originals: Path
    images: int | None
    backbones: tuple[str, ...]
    weights: str
    folder: Path

    @property
    def weights_store(self) -> Path:
        """Where weights that are drawn or fetched stay from one measurement to the next."""
        return self.folder / "weights"
