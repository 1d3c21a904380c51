"""What a first pass finds: classes, means and variances, and the penalties that follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from logistic.block_sums import Standard, moments
from logistic.errors import LogisticError
from logistic.rows import Array, Fit, Rows

# Share of the largest variance below which rounding errors are all there is.
_CONSTANT = 1e-12


@dataclass(frozen=True)
class Measured:
    """What the first pass finds.

    Attributes
    ----------
    rows : int
    counts : ndarray, shape (fits, most classes)
        Training rows of each class.
    means, variances : ndarray, shape (fits, d)
        Of the columns over the training rows, the variances of standardised ones.
    """

    standard: Standard
    rows: int
    counts: Array
    means: Array
    variances: Array


def measure(rows: Rows, fits: Sequence[Fit], n_classes: Sequence[int]) -> Measured:
    """Read the rows once.

    Raises
    ------
    LogisticError
        If a class of a fit has no training rows, or the features are equal or not finite.
    """
    n, total, squares, counts, sums, square_sums = rows.total(moments(fits, max(n_classes)))
    for fit, own in zip(fits, counts, strict=True):
        if not own[: n_classes[fit.task]].all():
            raise fit.without_class(int(own.argmin()))
    center = total / n
    scale = float(np.sqrt((squares - n * center**2).sum() / ((n[0] - 1) * len(total))))
    if not scale > 0:
        raise LogisticError("the features of all rows are equal, or not finite: there is nothing to fit")
    trained = counts.sum(axis=1, keepdims=True)
    means = sums / trained
    variances = (square_sums - trained * means**2) / (trained - 1) / scale**2
    return Measured(Standard(center, scale), int(n[0]), counts, means, np.maximum(variances, 0.0))


def penalties_of(variances: Array, widths: Sequence[int]) -> Array:
    """Return what a unit of penalty is for each fit and column, shape (fits, d)."""
    starts = np.cumsum([0, *widths[:-1]])
    in_groups = np.add.reduceat(variances, starts, axis=1) * len(widths) / sum(widths)
    # A group without variance gets coefficients of 0 whatever the penalty.
    floor = _CONSTANT * in_groups.max(axis=1, keepdims=True)
    return np.repeat(np.where(in_groups > floor, in_groups, 1.0), widths, axis=1)
