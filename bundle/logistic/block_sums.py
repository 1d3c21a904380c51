"""What a pass over the rows sums: moments of the features, losses and gradients, and curvature.

Each function here returns one that maps a `Block` to arrays, which are then added over all blocks.

A classifier of k classes has k - 1 margins a row; a matrix of contrasts turns them into the scores of the
classes. For two classes that is the margin of the second, as in Spark's binomial family. For more, the
contrasts are orthonormal: the penalty on them is that on the coefficients of all classes, whose sum is then
0, as in Spark's multinomial family.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from logistic.rows import Array, Block, Fit, Sums

Real = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Standard:
    """What features are centred by, shape (d,), and then divided by: it keeps float32 products accurate."""

    center: Array
    scale: float

    def of(self, features: npt.NDArray[np.float32], dtype: npt.DTypeLike) -> Real:
        """Return standardised features of a block."""
        standardised: Real = (features - self.center.astype(dtype)) * np.asarray(1 / self.scale, dtype)
        return standardised


def contrasts(n_classes: int) -> Array:
    """Return the matrix, shape (k, k - 1), that turns margins into scores of the classes."""
    if n_classes == 2:
        return np.array([[0.0], [1.0]])
    start = np.column_stack([np.ones(n_classes), np.eye(n_classes)[:, :-1]])
    return np.linalg.qr(start).Q[:, 1:]


def moments(fits: Sequence[Fit], most_classes: int) -> Callable[[Block], Sums]:
    """Sum, for each fit, over its training rows.

    Returns
    -------
    callable
        Of a block: rows (1,), sum of features (d,), sum of squared lengths (1,), and for each fit: rows of
        each class (fits, most_classes), sum of features (fits, d), sum of squared lengths (fits,).
    """

    def of_block(block: Block) -> Sums:
        features = block.features.astype(np.float64)
        lengths = np.einsum("ij,ij->i", features, features)
        masks = np.stack([fit.training(block) for fit in fits]).astype(np.float64)
        codes = [
            np.bincount(block.codes[fit.training(block), fit.task], minlength=most_classes) for fit in fits
        ]
        whole = (np.array([len(features)], float), features.sum(axis=0), lengths.sum(keepdims=True))
        return *whole, np.stack(codes).astype(np.float64), masks @ features, masks @ lengths

    return of_block


def losses_and_gradients(
    fits: Sequence[Fit],
    counts: Array,
    n_classes: Sequence[int],
    weights: Sequence[Array],
    standard: Standard,
    dtype: npt.DTypeLike,
) -> Callable[[Block], Sums]:
    """Sum the mean log-loss of each fit over its training rows, and its gradient.

    Parameters
    ----------
    fits : sequence of Fit
    counts : ndarray of float64, shape (fits,)
        Training rows of each fit.
    n_classes : sequence of int
        Of each task.
    weights : sequence of ndarray of float64, each of shape (d + 1, k - 1)
        Of each fit, for standardised features; the last row is the intercept.
    dtype : numpy dtype
        Of the products: float32 or float64.

    Returns
    -------
    callable
        Of a block: losses (fits,), and the gradient of all fits side by side (d + 1, sum of k - 1).
    """
    stacked = np.hstack(weights).astype(dtype)
    tasks = np.array([fit.task for fit in fits])
    ends = np.cumsum([one.shape[1] for one in weights])
    # For each task: its fits, and the columns of their margins.
    parts = [
        (task, np.flatnonzero(tasks == task), _columns(ends, tasks == task, n_classes[task] - 1))
        for task in sorted(set(tasks))
    ]

    def of_block(block: Block) -> Sums:
        features = standard.of(block.features, dtype)
        margins = features @ stacked[:-1] + stacked[-1]
        losses, residuals = np.empty(len(fits)), np.empty_like(margins)
        for task, places, columns in parts:
            matrix = contrasts(n_classes[task]).astype(dtype)
            own = margins[:, columns].reshape(len(features), len(places), -1)
            share = np.stack([fits[place].training(block) / counts[place] for place in places], axis=1)
            codes = np.maximum(block.codes[:, task], 0)
            logs, probability = _softmax(own @ matrix.T)
            actual = np.take_along_axis(logs, codes[:, None, None], axis=2)[:, :, 0]
            losses[places] = -np.einsum("ij,ij->j", actual, share)
            probability[np.arange(len(codes)), :, codes] -= 1
            slopes = (probability @ matrix) * share[:, :, None].astype(dtype)
            residuals[:, columns] = slopes.reshape(len(features), -1)
        gradient = np.vstack([features.T @ residuals, residuals.sum(axis=0, dtype=np.float64)[None]])
        return losses, gradient.astype(np.float64)

    return of_block


def curvature(
    task: int, n_classes: int, weights: Array, standard: Standard, every: int
) -> Callable[[Block], Sums]:
    """Sum, for each contrast of a task, the second derivative of the log-loss by its coefficients.

    Parameters
    ----------
    weights : ndarray of float64, shape (d + 1, k - 1)
        Where; as in `losses_and_gradients`.
    every : int
        Of the rows of the task, one in this number is used.

    Returns
    -------
    callable
        Of a block: rows used (1,), and the blocks on the diagonal of the matrix (k - 1, d + 1, d + 1).
    """
    matrix, stacked = contrasts(n_classes), weights.astype(np.float32)

    def of_block(block: Block) -> Sums:
        features = standard.of(block.features[block.codes[:, task] >= 0][::every], np.float32)
        _, probability = _softmax((features @ stacked[:-1] + stacked[-1]) @ matrix.T)
        # The variance of a contrast of the class, a row.
        spread = probability @ matrix**2 - (probability @ matrix) ** 2
        result = np.empty((matrix.shape[1], len(weights), len(weights)))
        for place, own in enumerate(spread.T):
            scaled = features * np.sqrt(own, dtype=np.float32)[:, None]
            result[place, :-1, :-1] = scaled.T @ scaled
            result[place, -1, :-1] = result[place, :-1, -1] = own @ features
            result[place, -1, -1] = own.sum()
        return np.array([len(features)], float), result

    return of_block


def _columns(
    ends: npt.NDArray[np.int64], of_task: npt.NDArray[np.bool_], width: int
) -> npt.NDArray[np.int64]:
    return (ends[of_task, None] - width + np.arange(width)).ravel()


def _softmax(scores: Real) -> tuple[Real, Real]:
    """Return the logarithms of the probabilities, and the probabilities, along the last axis."""
    shifted = scores - scores.max(axis=-1, keepdims=True)
    powers = np.exp(shifted)
    total = powers.sum(axis=-1, keepdims=True)
    return shifted - np.log(total), powers / total
