"""What stands in the corpus: a file, and how it ends wherever files come in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# Beside the reasons of refusals: taken; and not seen at all, as a hidden file.
ACCEPTED = "accepted"
PASSED_OVER = "passed over"


@dataclass(frozen=True)
class Case:
    """A file that may lie in a class folder.

    Attributes
    ----------
    path : str
        Below the class folder; no two cases have the same.
    make : bytes or callable
        Its contents, or what puts something at a path.
    ends : tuple of str
        How it may end: reasons of refusals, `ACCEPTED` or `PASSED_OVER`.
    told : str
        The path as it is told, where that is not `path`.
    needs_permissions : bool
        Means nothing to root, who may read everything.
    """

    path: str
    make: bytes | Callable[[Path], None]
    ends: tuple[str, ...]
    told: str = ""
    needs_permissions: bool = False

    def put(self, folder: Path) -> None:
        """Put it into a class folder."""
        place = folder / self.path
        place.parent.mkdir(parents=True, exist_ok=True)
        if callable(self.make):
            self.make(place)
        else:
            place.write_bytes(self.make)

    @property
    def seen_as(self) -> str:
        """The path, below the class folder, under which it is told."""
        return self.told or self.path


def case(path: str, make: bytes | Callable[[Path], None], *ends: str, **more: str | bool) -> Case:
    """Make a case with one end or several."""
    return Case(path, make, ends, **more)  # type: ignore[arg-type]
