"""What a pass over the rows sums: moments of the features, losses and gradients, and curvature.

Each function here returns one that maps a `Block` to arrays, which are then added over all blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from logistic.classes import Real, contrasts, softmax, variances
from logistic.rows import Array, Block, Fit, Sums


@dataclass(frozen=True)
class Standard:
    """What features are centred by, shape (d,), and then divided by: it keeps float32 products accurate."""

    center: Array
    scale: float

    def of(self, features: npt.NDArray[np.float32], dtype: npt.DTypeLike) -> Real:
        """Return standardised features of a block."""
        standardised: Real = (features - self.center.astype(dtype)) * np.asarray(1 / self.scale, dtype)
        return standardised


def moments(fits: Sequence[Fit], most_classes: int) -> Callable[[Block], Sums]:
    """Sum over all rows, and for each fit over its training rows.

    Returns
    -------
    callable
        Of a block: rows (1,), sums of the columns (d,) and of their squares (d,), and for each fit: rows of
        each class (fits, most_classes), sums of the columns (fits, d) and of their squares (fits, d).
    """

    def of_block(block: Block) -> Sums:
        features = block.features.astype(np.float64)
        squares = features**2
        trainings = [fit.training(block.labels) for fit in fits]
        codes = [
            np.bincount(block.labels.codes[training, fit.task], minlength=most_classes)
            for fit, training in zip(fits, trainings, strict=True)
        ]
        masks = np.stack(trainings).astype(np.float64)
        whole = (np.array([len(features)], float), features.sum(axis=0), squares.sum(axis=0))
        return *whole, np.stack(codes).astype(np.float64), masks @ features, masks @ squares

    return of_block


def losses_and_gradients(
    fits: Sequence[Fit],
    shares: Array,
    n_classes: Sequence[int],
    weights: Sequence[Array],
    standard: Standard,
    dtype: npt.DTypeLike,
) -> Callable[[Block], Sums]:
    """Sum the mean log-loss of each fit over its training rows, and its gradient.

    Parameters
    ----------
    fits : sequence of Fit
    shares : ndarray of float64, shape (fits, groups)
        Of a training row of each group in the mean of the loss.
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
        features, groups = standard.of(block.features, dtype), block.labels.group_of_each()
        margins = features @ stacked[:-1] + stacked[-1]
        losses, residuals = np.empty(len(fits)), np.empty_like(margins)
        for task, places, columns in parts:
            matrix = contrasts(n_classes[task]).astype(dtype)
            own = margins[:, columns].reshape(len(features), len(places), -1)
            share = np.stack(
                [fits[place].training(block.labels) * shares[place, groups] for place in places], axis=1
            )
            codes = np.maximum(block.labels.codes[:, task], 0)
            logs, probability = softmax(own @ matrix.T)
            actual = np.take_along_axis(logs, codes[:, None, None], axis=2)[:, :, 0]
            losses[places] = -np.einsum("ij,ij->j", actual, share)
            probability[np.arange(len(codes)), :, codes] -= 1
            slopes = (probability @ matrix) * share[:, :, None].astype(dtype)
            residuals[:, columns] = slopes.reshape(len(features), -1)
        gradient = np.vstack([features.T @ residuals, residuals.sum(axis=0, dtype=np.float64)[None]])
        return losses, gradient.astype(np.float64)

    return of_block


def curvature(
    task: int, n_classes: int, weights: Array, standard: Standard, every: int, parts: Sequence[slice]
) -> Callable[[Block], Sums]:
    """Sum, for each contrast of a task, the second derivatives of the log-loss by its weights.

    Parameters
    ----------
    weights : ndarray of float64, shape (d + 1, k - 1)
        Where; as in `losses_and_gradients`.
    every : int
        Of the rows of the task, one in this number is used.
    parts : sequence of slice
        Weights whose second derivatives are wanted: those between parts are left out.

    Returns
    -------
    callable
        Of a block: rows used (1,), and for each part of w weights an array (k - 1, w, w).
    """
    matrix, stacked = contrasts(n_classes), weights.astype(np.float32)

    def of_block(block: Block) -> Sums:
        features = standard.of(block.features[block.labels.codes[:, task] >= 0][::every], np.float32)
        design = np.hstack([features, np.ones((len(features), 1), np.float32)])
        _, probability = softmax((design @ stacked) @ matrix.T)
        roots = np.sqrt(variances(probability, matrix), dtype=np.float32).T
        result = []
        for part in parts:
            scaled = [design[:, part] * own[:, None] for own in roots]
            result.append(np.stack([one.T @ one for one in scaled]).astype(np.float64))
        return np.array([len(features)], float), *result

    return of_block


def combinations(weights: Array) -> Callable[[Block], Sums]:
    """Sum the rows with weights, by their numbers.

    Parameters
    ----------
    weights : ndarray of float64, shape (n, c)

    Returns
    -------
    callable
        Of a block with `numbers`: c sums of features (c, d).
    """

    def of_block(block: Block) -> Sums:
        return (weights[block.numbers].T @ block.features.astype(np.float64),)

    return of_block


def _columns(
    ends: npt.NDArray[np.int64], of_task: npt.NDArray[np.bool_], width: int
) -> npt.NDArray[np.int64]:
    return (ends[of_task, None] - width + np.arange(width)).ravel()
