"""Standardised columns, and the principal axes of pixels: what a baseline's classifiers are fitted on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.float64] | npt.NDArray[np.uint8]

# Axes of pixels that are kept; what the others hold, the penalty would leave out.
_AXES = 200
# Training rows for each column from which on the axes are those of a sum over blocks of rows, as scikit-learn
# has it by default. With fewer, a decomposition of the rows themselves loses less to rounding and is as fast.
_MANY = 10
# Pixels are a byte each; of a block of this many rows alone there are floats.
_BLOCK_ROWS = 4096


def fit_axes(fitted_on: Numbers, are_pixels: bool) -> Callable[[Numbers], Array]:
    """Standardise columns and, of pixels, find the principal axes.

    Parameters
    ----------
    fitted_on : ndarray of float64 or uint8, shape (n, columns)
        Training rows.
    are_pixels : bool
        Whether the columns are neighbouring pixels.

    Returns
    -------
    callable
        From rows of the same columns to float64, shape (rows, axes): at most 200 axes of pixels, by falling
        variance, or the standardised columns.
    """
    from sklearn.decomposition import PCA
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows, columns = fitted_on.shape
    kept = min(_AXES, rows - 1, columns)
    if are_pixels and rows >= _MANY * columns:
        return _fit_in_blocks(fitted_on, kept)
    steps = [StandardScaler(), *([PCA(kept, svd_solver="full")] if are_pixels else [])]
    fitted = make_pipeline(*steps).fit(fitted_on.astype(np.float64))
    return lambda shown: fitted.transform(shown.astype(np.float64))


def _fit_in_blocks(fitted_on: Numbers, kept: int) -> Callable[[Numbers], Array]:
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler()
    for _, block in _blocks(fitted_on):
        scaler.partial_fit(block)
    products = np.zeros((fitted_on.shape[1], fitted_on.shape[1]))
    for _, block in _blocks(fitted_on):
        standardised = scaler.transform(block)
        products += standardised.T @ standardised
    axes = _principal(products, kept)

    def turn(shown: Numbers) -> Array:
        turned = np.empty((len(shown), kept))
        for rows, block in _blocks(shown):
            turned[rows] = scaler.transform(block) @ axes
        return turned

    return turn


def _principal(products: Array, kept: int) -> Array:
    """Return the axes of most variance as columns, each in the direction in which `PCA` has it."""
    from scipy.linalg import eigh

    columns = len(products)
    _, rising = eigh(products, subset_by_index=[columns - kept, columns - 1])
    axes: Any = rising[:, ::-1]
    largest = np.abs(axes).argmax(axis=0)
    found: Array = axes * np.sign(axes[largest, np.arange(kept)])
    return found


def _blocks(rows: Numbers) -> Iterator[tuple[slice, Array]]:
    for start in range(0, len(rows), _BLOCK_ROWS):
        part = slice(start, start + _BLOCK_ROWS)
        yield part, rows[part].astype(np.float64)
