"""Work through a picture in strips of rows: the whole of it in double precision would dominate the memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

# Pixels processed at once.
_PIXELS = 2**20


def row_strips(values: npt.NDArray[Any]) -> Iterator[slice]:
    """Yield slices of the rows of a picture, shape (height, width, ...)."""
    rows = max(1, _PIXELS // values.shape[1])
    for first in range(0, len(values), rows):
        yield slice(first, first + rows)


def count_each(values: npt.NDArray[Any], codes: int) -> npt.NDArray[np.int64]:
    """Return how many pixels have each of the values 0 to `codes` - 1, which must be of an unsigned type."""
    counts = np.zeros(codes, np.int64)
    for rows in row_strips(values):
        counts += np.bincount(values[rows].ravel(), minlength=codes)
    return counts
