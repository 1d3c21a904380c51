"""Arithmetic that leaves out what is undefined: a proportion of nothing is NaN, and no mean counts it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from covid_xray.evaluation.metrics.repeat import Array


def ratio(part: npt.ArrayLike, whole: npt.ArrayLike) -> Array:
    """Divide elementwise; NaN where the whole is 0."""
    above, below = np.broadcast_arrays(np.asarray(part, np.float64), np.asarray(whole, np.float64))
    found: Array = np.divide(above, below, out=np.full(below.shape, np.nan), where=below != 0)
    return found


def mean_defined(values: npt.ArrayLike, axis: int = 0) -> Any:
    """Return the mean of the values that are not NaN; NaN where all are."""
    array = np.asarray(values, np.float64)
    return ratio(np.nansum(array, axis=axis), (~np.isnan(array)).sum(axis=axis))
