"""Logistic regression on far more columns than rows, solved exactly in the row space.

The solution of an L2-penalised model lies in the span of the training rows (Hastie & Tibshirani 2004,
"Efficient quadratic regularization for expression arrays", Biostatistics 5), so a fit needs only the inner
products of the rows, their Gram matrix. It is centred with the training rows' mean, since the intercept is
not penalised. All arithmetic is in float64. Nothing here needs Spark.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from logistic.classes import class_probabilities
from logistic.dual import minimise
from logistic.feature_rows import FeatureRows
from logistic.threads import one_thread

Array = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


class Kernel(Protocol):
    """Inner products of rows that may depend on which of them a classifier is trained on."""

    def for_training_rows(self, rows: Numbers) -> tuple[Array, float]:
        """Return the matrix for a model of these training rows, and the features' scale over them."""


@dataclass(frozen=True)
class RowSpaceFit:
    """A fitted model in dual form: one coefficient per training row.

    Attributes
    ----------
    rows : ndarray of int64, shape (m,)
        Training rows of the Gram matrix.
    dual : ndarray of float64, shape (m, k)
        The coefficients of the columns are `features[rows].T @ dual`. k is 1 for two classes (binomial, for
        the second class), else the number of classes (multinomial), as in Spark's family `auto`.
    intercept : ndarray of float64, shape (k,)
        For features minus the training rows' mean.
    """

    rows: Numbers
    dual: Array
    intercept: Array


def gram(features: FeatureRows, divisor: Array | None = None) -> Array:
    """Return the Gram matrix, the inner products of all pairs of rows, shape (n, n).

    Parameters
    ----------
    features : FeatureRows
        Of shape (n, d).
    divisor : ndarray of float64, shape (d,), optional
        Divides each column; infinite for a column that is to be ignored.
    """
    rows, _ = features.shape
    inner = np.zeros((rows, rows))
    for columns, block in features.blocks():
        if divisor is not None:
            block /= divisor[columns]
        inner += block @ block.T
    return inner


def common_scale(inner: Array, rows: Numbers, columns: int) -> float:
    """Return the root of the mean variance (ddof 1) of the columns over `rows`, from the Gram matrix."""
    own = inner[np.ix_(rows, rows)]
    centred = np.trace(own) - own.sum() / len(rows)
    return float(np.sqrt(centred / ((len(rows) - 1) * columns)))


def fit_rows(
    inner: Array,
    rows: Numbers,
    codes: npt.NDArray[np.int64],
    n_classes: int,
    penalty: float,
    shares: Array | None = None,
) -> RowSpaceFit:
    """Minimise mean log-loss + penalty / 2 * |coefficients|^2 over the training rows.

    Parameters
    ----------
    inner : ndarray of float64, shape (n, n)
        Gram matrix of all rows, of which only `rows` are used.
    rows : ndarray of int64, shape (m,)
        The training rows.
    codes : ndarray of int64, shape (m,)
        Class of each training row, 0 to n_classes - 1.
    penalty : float
        Spark's regParam, greater than 0.
    shares : ndarray of float64, shape (m,), optional
        Share of each training row in the mean, 1 in sum; equal ones by default.

    Raises
    ------
    LogisticError
        If the solver does not reach the minimum.
    """
    if shares is None:
        shares = np.full(len(rows), 1 / len(rows))
    # These are thousands of small matrix products, in which threads wait ten times as long as they compute.
    with one_thread():
        weights, intercept = minimise(_center(inner[np.ix_(rows, rows)]), codes, n_classes, penalty, shares)
    # Rows are centred, so a constant in the weights has no meaning; the one left by rounding would reach
    # coefficients.
    return RowSpaceFit(rows, weights - weights.mean(axis=0), intercept)


def decision(fit: RowSpaceFit, inner: Array, rows: Numbers) -> Array:
    """Return the margins of any rows, training or held-out, shape (len(rows), k)."""
    own, cross = inner[np.ix_(fit.rows, fit.rows)], inner[np.ix_(rows, fit.rows)]
    centred = cross - cross.mean(axis=1, keepdims=True) - own.mean(axis=0) + own.mean()
    margins: Array = centred @ fit.dual + fit.intercept
    return margins


def probabilities(fit: RowSpaceFit, inner: Array, rows: Numbers) -> Array:
    """Return the probability of every class, shape (len(rows), n_classes)."""
    return class_probabilities(decision(fit, inner, rows))


def coefficients(
    fit: RowSpaceFit, inner: Array, features: FeatureRows, divisor: Array | None = None
) -> tuple[Array, Array]:
    """Return a fit's coefficients (k, d) and intercepts (k,) for the columns of `features`, unscaled."""
    rows, width = features.shape
    # Rows outside the training set have weight 0.
    weights = np.zeros((fit.dual.shape[1], rows))
    weights[:, fit.rows] = fit.dual.T
    result = np.empty((len(weights), width))
    for columns, block in features.blocks():
        part = weights @ block
        result[:, columns] = part if divisor is None else part / divisor[columns] ** 2
    means = inner[np.ix_(fit.rows, fit.rows)].mean(axis=0)
    return result, fit.intercept - means @ fit.dual


def _center(own: Array) -> Array:
    means = own.mean(axis=0)
    centred: Array = own - means - means[:, None] + own.mean()
    return centred
