"""Logistic regression on far more columns than rows, solved exactly in as many columns as rows.

The solution of an L2-penalised model lies in the space that the training rows span (Hastie & Tibshirani
2004, "Efficient quadratic regularization for expression arrays", Biostatistics 5), so the inner products of
the rows are all that is needed of the features. They are centred with the training rows' mean, since the
intercept is not penalised. Everything is in float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, softmax
from threadpoolctl import threadpool_limits

from logistic.feature_rows import FeatureRows
from logistic.solver import binomial, multinomial

Array = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class RowSpaceFit:
    """A fitted model as weights of its training rows.

    Attributes
    ----------
    rows : ndarray of int64, shape (m,)
        Training rows of the Gram matrix.
    dual : ndarray of float64, shape (m, k)
        Coefficients are the training features, transposed, times `dual`. k is 1 for two classes (binomial,
        for the second class), else the number of classes (multinomial): as Spark's family `auto` chooses.
    intercept : ndarray of float64, shape (k,)
        For features from which the training rows' mean is taken.
    """

    rows: Rows
    dual: Array
    intercept: Array


def gram(features: FeatureRows, divisor: Array | None = None) -> Array:
    """Return the inner products of all rows, shape (n, n).

    Parameters
    ----------
    features : FeatureRows
        Of shape (n, d).
    divisor : ndarray of float64, shape (d,), optional
        What each column is divided by; infinite for a column that does not count.
    """
    rows, _ = features.shape
    inner = np.zeros((rows, rows))
    for columns, block in features.blocks():
        if divisor is not None:
            block /= divisor[columns]
        inner += block @ block.T
    return inner


def common_scale(inner: Array, rows: Rows, columns: int) -> float:
    """Return the root of the mean variance (ddof 1) of the columns over `rows`."""
    own = inner[np.ix_(rows, rows)]
    centred = np.trace(own) - own.sum() / len(rows)
    return float(np.sqrt(centred / ((len(rows) - 1) * columns)))


def fit_rows(
    inner: Array, rows: Rows, codes: npt.NDArray[np.int64], n_classes: int, penalty: float
) -> RowSpaceFit:
    """Minimise mean log-loss + penalty / 2 * |coefficients|^2 over the training rows.

    Parameters
    ----------
    inner : ndarray of float64, shape (n, n)
        Gram matrix; only its `rows` are looked at.
    codes : ndarray of int64, shape (m,)
        Class of each training row, 0 to n_classes - 1.
    penalty : float
        Spark's regParam, greater than 0.

    Raises
    ------
    LogisticError
        If the minimum is not reached.
    """
    # The products are small and thousands: threads spend ten times as long waiting for each other.
    with threadpool_limits(limits=1, user_api="blas"):
        own = inner[np.ix_(rows, rows)]
        values, vectors = np.linalg.eigh(_centred(own))
        # Centring leaves nothing along the constant vector but rounding, of products as large as before it.
        kept = values > len(rows) * np.finfo(np.float64).eps * np.trace(own)
        # In units in which the penalty is 1, convergence means the same whatever the scale of the features.
        roots, vectors = np.sqrt(values[kept] / penalty), vectors[:, kept]
        axes = vectors * roots
        weights, intercept = binomial(axes, codes) if n_classes == 2 else multinomial(axes, codes, n_classes)
    dual = vectors / roots @ weights / penalty
    # Rows are centred, so a constant means nothing here; rounding leaves one, which would reach coefficients.
    return RowSpaceFit(rows, dual - dual.mean(axis=0), intercept)


def decision(fit: RowSpaceFit, inner: Array, rows: Rows) -> Array:
    """Return the margins of any rows, held-out ones too, shape (len(rows), k)."""
    own, cross = inner[np.ix_(fit.rows, fit.rows)], inner[np.ix_(rows, fit.rows)]
    centred = cross - cross.mean(axis=1, keepdims=True) - own.mean(axis=0) + own.mean()
    margins: Array = centred @ fit.dual + fit.intercept
    return margins


def probabilities(fit: RowSpaceFit, inner: Array, rows: Rows) -> Array:
    """Return the probability of every class, shape (len(rows), n_classes)."""
    margins = decision(fit, inner, rows)
    if margins.shape[1] == 1:
        second = expit(margins[:, 0])
        return np.stack([1 - second, second], axis=1)
    each: Array = softmax(margins, axis=1)
    return each


def coefficients(
    fit: RowSpaceFit, inner: Array, features: FeatureRows, divisor: Array | None = None
) -> tuple[Array, Array]:
    """Map a fit back to the columns: coefficients (k, d) and intercepts (k,) for features as they are."""
    rows, width = features.shape
    # A row that was not trained on weighs nothing.
    weights = np.zeros((fit.dual.shape[1], rows))
    weights[:, fit.rows] = fit.dual.T
    found = np.empty((len(weights), width))
    for columns, block in features.blocks():
        part = weights @ block
        found[:, columns] = part if divisor is None else part / divisor[columns] ** 2
    means = inner[np.ix_(fit.rows, fit.rows)].mean(axis=0)
    return found, fit.intercept - means @ fit.dual


def _centred(own: Array) -> Array:
    means = own.mean(axis=0)
    centred: Array = own - means - means[:, None] + own.mean()
    return centred
