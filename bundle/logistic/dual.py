"""Minimise a penalised logistic regression whose coefficients are combinations of the training rows.

A vector of coefficients is held as one number per row, its combination a, and beside it its products with the
rows, b = K a, where K has the inner products of the rows. That of two vectors is then a.T b, and few products
with K are needed, which take most of the time: each reads all of it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_solve

from logistic.classes import contrasts, softmax, start_margins, to_outputs, variances
from logistic.descent import Descent
from logistic.errors import LogisticError
from logistic.metric import factor

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

# Length of the gradient, for coefficients scaled so that the penalty is 1, at which a fit has converged.
_GRADIENT_TOLERANCE = 3e-8
# Where rounding errors end the descent, it must have come this far.
_ROUNDING_TOLERANCE = 1e-5
_MOST_STEPS = 500
# Steps after which the metric is computed anew.
_METRIC_STEPS = 14


def minimise(
    inner: Array, codes: Codes, n_classes: int, penalty: float, shares: Array
) -> tuple[Array, Array]:
    """Minimise log-loss + penalty / 2 * |coefficients|^2.

    Parameters
    ----------
    inner : ndarray of float64, shape (m, m)
        Inner products of the rows, after their mean was subtracted from each.
    codes : ndarray of int64, shape (m,)
        Class of each row, 0 to n_classes - 1.
    penalty : float
    shares : ndarray of float64, shape (m,)
        What each row's loss is multiplied with; they sum to 1.

    Returns
    -------
    weights : ndarray of float64, shape (m, k)
        The coefficients as combinations of the rows. k is 1 for two classes, else the number of classes.
    intercept : ndarray of float64, shape (k,)

    Raises
    ------
    LogisticError
        If the minimum is not reached.
    """
    problem = Problem(inner, codes, n_classes, penalty, shares)
    solution, _ = problem.halves(_descend(problem))
    matrix = to_outputs(n_classes)
    return solution[:-1] @ matrix.T, matrix @ solution[-1]


def _descend(problem: Problem) -> Array:
    descent = Descent(problem.start(), problem.inner)
    metric: _Metric | None = None
    accepted = 0
    for _ in range(_MOST_STEPS):
        try:
            is_accepted = descent.accept(*problem.loss_and_gradient(descent.trial))
        except ArithmeticError:
            break
        if not is_accepted:
            continue
        if problem.gradient(descent) < _GRADIENT_TOLERANCE:
            return descent.point
        if accepted % _METRIC_STEPS == 0:
            # First the old one goes: each has the size of k - 1 Gram matrices.
            metric = None
        metric = metric or problem.metric(descent.point)
        accepted += 1
        half, factors = descent.first_loop()
        descent.second_loop(metric.solve(half), factors)
    if problem.gradient(descent) < _ROUNDING_TOLERANCE:
        return descent.point
    raise LogisticError(
        f"logistic regression did not converge (gradient "
        f"{problem.gradient(descent):.1e}); increase the penalty, or remove features that are not finite"
    )


class Problem:
    """The objective.

    Vectors have shape (2 m + 2, k - 1): for each contrast a combination of the rows and an intercept, then
    the combination's products with the rows and the intercept again.
    """

    def __init__(self, matrix: Array, codes: Codes, n_classes: int, penalty: float, shares: Array) -> None:
        self._matrix, self._penalty, self._shares = matrix, penalty, shares
        self._codes, self._contrasts = codes, contrasts(n_classes)
        self._class_shares = np.bincount(codes, weights=shares, minlength=n_classes).astype(np.float64)

    def start(self) -> Array:
        """Return the model that gives every row the shares of the classes."""
        half = np.zeros((len(self._codes) + 1, self._contrasts.shape[1]))
        half[-1] = start_margins(self._class_shares)
        return np.vstack([half, half])

    def halves(self, vector: Array) -> tuple[Array, Array]:
        """Return the combination and its products, each with the intercept as the last row."""
        return vector[: len(self._codes) + 1], vector[len(self._codes) + 1 :]

    def inner(self, one: Array, other: Array) -> float:
        """Return the inner product of two vectors."""
        return float(np.vdot(self.halves(one)[0], self.halves(other)[1]))

    def gradient(self, descent: Descent) -> float:
        """Return the length of the last gradient, for coefficients scaled so that the penalty is 1."""
        return descent.gradient_norms[-1] / float(np.sqrt(self._penalty))

    def loss_and_gradient(self, vector: Array) -> tuple[float, Array]:
        """Return the objective at a point, and its gradient."""
        (weights, _), (products, intercept) = (np.vsplit(half, [-1]) for half in self.halves(vector))
        logs, residuals = softmax((products + intercept) @ self._contrasts.T)
        each = np.arange(len(self._codes))
        loss = -logs[each, self._codes] @ self._shares + self._penalty / 2 * np.vdot(weights, products)
        residuals[each, self._codes] -= 1
        slopes = residuals @ self._contrasts * self._shares[:, None]
        total = slopes.sum(axis=0)
        projected = self._matrix @ slopes + self._penalty * products
        return float(loss), np.vstack([slopes + self._penalty * weights, total, projected, total])

    def metric(self, vector: Array) -> _Metric:
        """Return the curvature at a point, without that between contrasts."""
        products = self.halves(vector)[1]
        _, probability = softmax((products[:-1] + products[-1]) @ self._contrasts.T)
        weights = variances(probability, self._contrasts).T * self._shares
        return _Metric(self._matrix, weights, self._penalty)


class _Metric:
    """The matrices [X.T V X + penalty, X.T V 1; 1.T V X, 1.T V 1], one for each contrast, inverted.

    V is a diagonal matrix of weights, so that with S = penalty + sqrt(V) X X.T sqrt(V) the upper left block's
    inverse is (1 - X.T sqrt(V) S^-1 sqrt(V) X) / penalty (Woodbury).
    """

    def __init__(self, matrix: Array, weights: Array, penalty: float) -> None:
        self._matrix, self._weights, self._penalty = matrix, weights, penalty
        self._roots = np.sqrt(weights)
        self._factors = [self._factor(root) for root in self._roots]
        # What a change of the intercept does to the coefficients.
        self._shifts = self._solve(weights.T, matrix @ weights.T)
        self._shifts_projected = matrix @ self._shifts
        moved = np.einsum("cm,mc->c", weights, self._shifts_projected)
        self._intercept_curvature = weights.sum(axis=1) - moved

    def solve(self, vector: Array) -> Array:
        """Return the vector that the matrices turn into the given one."""
        rows = len(self._matrix)
        solved = self._solve(vector[:rows], vector[rows + 1 : -1])
        projected = self._matrix @ solved
        moved = np.einsum("cm,mc->c", self._weights, projected)
        intercept = (vector[-1] - moved) / self._intercept_curvature
        solved -= self._shifts * intercept
        projected -= self._shifts_projected * intercept
        return np.vstack([solved, intercept, projected, intercept])

    def _factor(self, root: Array) -> tuple[Array, bool]:
        scaled = self._matrix * root
        scaled *= root[:, None]
        scaled[np.diag_indices_from(scaled)] += self._penalty
        return factor(scaled)

    def _solve(self, combination: Array, products: Array) -> Array:
        asked = (self._roots.T * products).T
        solved = [
            cho_solve(factored, one, check_finite=False)
            for factored, one in zip(self._factors, asked, strict=True)
        ]
        result: Array = (combination - self._roots.T * np.stack(solved, axis=1)) / self._penalty
        return result
