"""Rows of float32 features in chunks, as Arrow delivers them, read in blocks of columns.

The features are not copied: those of a thousand images by Xception are 0.8 GB.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Columns per block: 1,000 rows of them are 33 MB as float64.
_BLOCK = 4096


@dataclass(frozen=True)
class FeatureRows:
    """A matrix of features, one row per image, in chunks of rows.

    Attributes
    ----------
    chunks : tuple of ndarray of float32, each of shape (m, d)
    indices : tuple of ndarray of int64, each of shape (m,)
        For each row of a chunk, its row in the matrix.
    """

    chunks: tuple[npt.NDArray[np.float32], ...]
    indices: tuple[npt.NDArray[np.int64], ...]

    @classmethod
    def in_order(cls, *chunks: npt.NDArray[np.float32]) -> FeatureRows:
        """Return chunks stacked in the given order."""
        ends = np.cumsum([len(chunk) for chunk in chunks])
        indices = tuple(np.arange(end - len(chunk), end) for end, chunk in zip(ends, chunks, strict=True))
        return cls(chunks, indices)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and of columns."""
        return sum(map(len, self.chunks)), self.chunks[0].shape[1]

    def blocks(self, multiple_of: int = 1) -> Iterator[tuple[slice, npt.NDArray[np.float64]]]:
        """Yield blocks of columns from left to right, with all rows in order.

        Parameters
        ----------
        multiple_of : int
            The width of every block but the last is a multiple of this number of columns.

        Yields
        ------
        columns : slice
        block : ndarray of float64, shape (n, columns of the block)
        """
        rows, columns = self.shape
        width = max(_BLOCK // multiple_of, 1) * multiple_of
        for start in range(0, columns, width):
            part = slice(start, min(start + width, columns))
            block = np.empty((rows, part.stop - start))
            for indices, chunk in zip(self.indices, self.chunks, strict=True):
                block[indices] = chunk[:, part]
            yield part, block
