"""How classifiers were fitted before: eigenvectors of the Gram matrix, and SciPy's L-BFGS on them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from logistic.errors import LogisticError
from scipy.optimize import minimize
from scipy.special import expit, log_softmax

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

# Largest component of the gradient at which a fit counts as converged. The objective is around 1 and its
# curvature at least 1, so this bounds the distance from the minimum.
_GRADIENT_TOLERANCE = 1e-5


def fit_rows(inner: Array, rows: Codes, codes: Codes, n_classes: int, penalty: float) -> Array:
    """Fit as `logistic.row_space.fit_rows`; return the dual weights."""
    own = inner[np.ix_(rows, rows)]
    means = own.mean(axis=0)
    values, vectors = np.linalg.eigh(own - means - means[:, None] + own.mean())
    kept = values > len(rows) * np.finfo(np.float64).eps * np.trace(own)
    roots, vectors = np.sqrt(values[kept] / penalty), vectors[:, kept]
    design = vectors * roots
    weights, _ = binomial(design, codes) if n_classes == 2 else multinomial(design, codes, n_classes)
    dual: Array = vectors / roots @ weights / penalty
    return dual


def binomial(design: Array, codes: Codes) -> tuple[Array, Array]:
    """Fit two classes; the margin is that of the second.

    Parameters
    ----------
    design : ndarray of float64, shape (m, r)
        One row per training row; its columns are orthogonal.
    codes : ndarray of int64, shape (m,)
        0 or 1.

    Returns
    -------
    weights : ndarray of float64, shape (r, 1)
    intercept : ndarray of float64, shape (1,)

    Raises
    ------
    LogisticError
        If the solver does not reach the minimum.
    """
    share = codes.mean()

    def objective(flat: Array) -> tuple[float, Array]:
        weights, intercept = flat[:-1], flat[-1]
        margins = design @ weights + intercept
        loss = np.mean(np.logaddexp(0, margins) - codes * margins) + weights @ weights / 2
        residual = (expit(margins) - codes) / len(codes)
        return float(loss), np.append(design.T @ residual + weights, residual.sum())

    start = np.append(np.zeros(design.shape[1]), np.log(share / (1 - share)))
    solution = _minimize(objective, start, _parameter_scales(design, curvature=1 / 4))
    return solution[:-1, None], solution[-1:]


def multinomial(design: Array, codes: Codes, n_classes: int) -> tuple[Array, Array]:
    """Fit k classes, as `binomial` fits two; weights have shape (r, k), intercepts (k,)."""
    # One row per class and one column per example, which takes a third less time than the transpose.
    actual = np.eye(n_classes)[:, codes]

    def objective(flat: Array) -> tuple[float, Array]:
        both = flat.reshape(n_classes, -1)
        weights, intercept = both[:, :-1], both[:, -1:]
        logs = log_softmax(weights @ design.T + intercept, axis=0)
        loss = -(actual * logs).sum() / len(codes) + (weights**2).sum() / 2
        residual = (np.exp(logs) - actual) / len(codes)
        gradient = np.hstack([residual @ design + weights, residual.sum(axis=1, keepdims=True)])
        return float(loss), gradient.ravel()

    start = np.zeros((n_classes, design.shape[1] + 1))
    start[:, -1] = np.log(actual.mean(axis=1))
    scales = np.tile(_parameter_scales(design, curvature=1 / n_classes), n_classes)
    solution = _minimize(objective, start.ravel(), scales).reshape(n_classes, -1).T
    # A constant added to the intercepts of all classes has no effect; Spark chooses a mean of 0.
    return solution[:-1], solution[-1] - solution[-1].mean()


def _parameter_scales(design: Array, curvature: float) -> Array:
    """Return scales of the weights and the intercept that equalise the curvature (a diagonal preconditioner).

    The columns of the design matrix are orthogonal, and their lengths may differ by a factor of thousands.
    Curvatures then differ by a factor of millions, and an unscaled solver takes thousands of tiny steps along
    the short ones.

    Parameters
    ----------
    curvature : float
        Second derivative of one row's loss by its margin, where all classes are equally likely.
    """
    return np.append(1 / np.sqrt(1 + curvature * (design**2).mean(axis=0)), 1.0)


def _minimize(objective: Callable[[Array], tuple[float, Array]], start: Array, scales: Array) -> Array:
    solution = start
    # Where nearly all rows are classified with certainty, the scales may slow the solver: go on without them.
    for scale in (scales, np.ones_like(scales)):
        solution, gradient, message = _run_lbfgs(objective, solution, scale)
        if gradient < _GRADIENT_TOLERANCE:
            return solution
    raise LogisticError(
        f"logistic regression did not converge: {message} (gradient {gradient:.1e}); "
        "increase the penalty, or remove features that are not finite"
    )


def _run_lbfgs(
    objective: Callable[[Array], tuple[float, Array]], start: Array, scales: Array
) -> tuple[Array, float, str]:
    """Return the last point, the largest component of its gradient, and the solver's message."""

    def scaled_objective(flat: Array) -> tuple[float, Array]:
        loss, gradient = objective(flat * scales)
        return loss, gradient * scales

    options = {"maxiter": 20_000, "maxfun": 40_000, "maxcor": 30, "ftol": 0.0, "gtol": 1e-10}
    result = minimize(scaled_objective, start / scales, jac=True, method="L-BFGS-B", options=options)
    # Rounding may stop the line search before `gtol` is reached: the gradient decides, not the status.
    return result.x * scales, float(np.abs(result.jac / scales).max()), result.message
