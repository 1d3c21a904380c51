"""Rows of float32 features in the pieces they came in, looked at in blocks of columns.

No second copy of them is made: a thousand images have 0.8 GB of Xception's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Columns at a time: as float64, 1,000 rows of them are 33 MB.
_BLOCK = 4096


@dataclass(frozen=True)
class FeatureRows:
    """Features of images, a row each.

    Attributes
    ----------
    pieces : tuple of ndarray of float32, each of shape (m, d)
    places : tuple of ndarray of int64, each of shape (m,)
        Which row each row of a piece is.
    """

    pieces: tuple[npt.NDArray[np.float32], ...]
    places: tuple[npt.NDArray[np.int64], ...]

    @classmethod
    def in_order(cls, *pieces: npt.NDArray[np.float32]) -> FeatureRows:
        """Return rows that come one after the other."""
        ends = np.cumsum([len(piece) for piece in pieces])
        places = tuple(np.arange(end - len(piece), end) for end, piece in zip(ends, pieces, strict=True))
        return cls(pieces, places)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return sum(map(len, self.pieces)), self.pieces[0].shape[1]

    def blocks(self, whole: int = 1) -> Iterator[tuple[slice, npt.NDArray[np.float64]]]:
        """Yield the columns from left to right, some thousands at a time, of all rows in order.

        Parameters
        ----------
        whole : int
            Columns that belong together, and of which no block holds only a part.
        """
        rows, columns = self.shape
        width = max(_BLOCK // whole, 1) * whole
        for start in range(0, columns, width):
            part = slice(start, min(start + width, columns))
            block = np.empty((rows, part.stop - start))
            for places, piece in zip(self.places, self.pieces, strict=True):
                block[places] = piece[:, part]
            yield part, block
