"""Margins, scores and probabilities of classes.

A classifier of k classes has k - 1 margins a row; a matrix of contrasts turns them into the scores of the
classes. For two classes that is the margin of the second, as in Spark's binomial family. For more, the
contrasts are orthonormal: the penalty on them is that on the coefficients of all classes, whose sum is then
0, as in Spark's multinomial family.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from scipy.special import softmax as shares_of

Array = npt.NDArray[np.float64]
Real = npt.NDArray[np.floating[Any]]


def contrasts(n_classes: int) -> Array:
    """Return the matrix, shape (k, k - 1), that turns margins into scores of the classes."""
    if n_classes == 2:
        return np.array([[0.0], [1.0]])
    start = np.column_stack([np.ones(n_classes), np.eye(n_classes)[:, :-1]])
    return np.linalg.qr(start).Q[:, 1:]


def softmax(scores: Real) -> tuple[Real, Real]:
    """Return the logarithms of the probabilities, and the probabilities, along the last axis."""
    shifted = scores - scores.max(axis=-1, keepdims=True)
    powers = np.exp(shifted)
    total = powers.sum(axis=-1, keepdims=True)
    return shifted - np.log(total), powers / total


def to_outputs(n_classes: int) -> Array:
    """Return the matrix, shape (k, k - 1), that turns margins into a model's outputs: one for two classes."""
    return np.ones((1, 1)) if n_classes == 2 else contrasts(n_classes)


def start_margins(counts: Array) -> Array:
    """Return the margins, shape (k - 1,), that give every class its share of `counts`, shape (k,)."""
    logs = np.log(counts)
    scores = logs - (logs[0] if len(counts) == 2 else logs.mean())
    margins: Array = np.linalg.pinv(contrasts(len(counts))) @ scores
    return margins


def variances(probability: Real, matrix: Real) -> Real:
    """Return the variance of each contrast of the class of each row.

    Parameters
    ----------
    probability : ndarray, shape (m, k)
    matrix : ndarray, shape (k, k - 1)
        As of `contrasts`.

    Returns
    -------
    ndarray, shape (m, k - 1)
        Where a row's class is nearly certain, rounding leaves it 0 or more.
    """
    deviations = matrix - (probability @ matrix)[:, None]
    found: Real = np.einsum("mk,mkc->mc", probability, deviations**2)
    return found


def class_probabilities(margins: Array) -> Array:
    """Return the probability of every class, shape (m, n_classes).

    Parameters
    ----------
    margins : ndarray of float64, shape (m, k)
        k is 1 for two classes.
    """
    if margins.shape[1] == 1:
        second = expit(margins[:, 0])
        return np.stack([1 - second, second], axis=1)
    shares: Array = shares_of(margins, axis=1)
    return shares


@dataclass(frozen=True)
class LinearModel:
    """A fitted model.

    Attributes
    ----------
    coefficients : ndarray of float64, shape (k, d)
        k is 1 for two classes (binomial, for the second class), else the number of classes (multinomial).
    intercept : ndarray of float64, shape (k,)
    mean : ndarray of float64, shape (d,)
        Of the training rows.
    """

    coefficients: Array
    intercept: Array
    mean: Array

    def probabilities(self, features: Array) -> Array:
        """Return the probability of every class for rows of features, shape (m, n_classes)."""
        return class_probabilities(features @ self.coefficients.T + self.intercept)
