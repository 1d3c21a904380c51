"""The range of values that becomes black to white where a file has no window, and blank pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from radiograph.strips import count_each

# A few pixels: one in a thousand, and ten of a small picture.
_FEW_SHARE, _FEW_LEAST = 0.001, 10
# The gap, as a share of the range of the other pixels, that separates defective pixels from them. An X-ray's
# own values, most bright markers included, have narrower gaps.
_GAP = 0.1


def few(pixels: int) -> int:
    """Return how many pixels say nothing about a picture of so many: they may be defects of the detector."""
    return max(int(_FEW_SHARE * pixels), _FEW_LEAST)


def distinct_values(values: npt.NDArray[Any]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return the distinct values, sorted, and the number of pixels of each."""
    if values.dtype.kind == "u" and values.dtype.itemsize <= 2:
        # Sorting takes longer.
        counts = count_each(values, 2**16)
        present = np.flatnonzero(counts)
        return present.astype(np.float64), counts[present]
    distinct, counts = np.unique(values, return_counts=True)
    return distinct.astype(np.float64), counts


def limits(values: npt.NDArray[np.float64], counts: npt.NDArray[np.int64]) -> tuple[float, float]:
    """Return the least and the greatest value of a picture, without a few hot or dead pixels.

    At either end, pixels are left out if they are few (see `few`) and if a gap of more than 10 % of the range
    of the others separates them from these. Percentiles alone would also cut what every X-ray has few of:
    the values of its markers and of its darkest background.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Distinct values, sorted.
    counts : ndarray, shape (n,)
        The number of pixels of each value; at least one.

    Returns
    -------
    tuple of float
        Equal if all pixels but a few are, or if there are only a few.
    """
    most = few(int(counts.sum()))
    first = int(np.searchsorted(np.cumsum(counts), most, side="right"))
    last = len(values) - 1 - int(np.searchsorted(np.cumsum(counts[::-1]), most, side="right"))
    if first > last:
        return float(values[0]), float(values[0])
    gaps = np.diff(values) > _GAP * (values[last] - values[first])
    below, above = np.flatnonzero(gaps[:first]), np.flatnonzero(gaps[last:])
    low = values[below[-1] + 1] if len(below) else values[0]
    high = values[last + above[0]] if len(above) else values[-1]
    return float(low), float(high)


def to_grey(values: npt.NDArray[np.float64], low: float, high: float) -> npt.NDArray[np.float64]:
    """Map `low` to 0 and `high` to 255; values beyond them are clipped."""
    # Divided first: the range of doubles may be wider than a double.
    return np.asarray(np.clip((values - low) / (high - low), 0, 1) * 255, np.float64)
