"""The minimum of a penalised logistic regression, in axes in which the penalty is half the squared length."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, log_softmax

from covid_xray.errors import StageError

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

# Of an objective around 1 whose curvature is at least 1: how far from the minimum a fit may end.
_STEEPEST = 1e-5


def binomial(axes: Array, codes: Codes) -> tuple[Array, Array]:
    """Fit two classes, by the margin of the second.

    Parameters
    ----------
    axes : ndarray of float64, shape (m, r)
        A row a training row.
    codes : ndarray of int64, shape (m,)
        0 or 1.

    Returns
    -------
    weights : ndarray of float64, shape (r, 1)
    intercept : ndarray of float64, shape (1,)

    Raises
    ------
    StageError
        If the minimum is not reached.
    """
    share = codes.mean()

    def objective(flat: Array) -> tuple[float, Array]:
        weights, intercept = flat[:-1], flat[-1]
        margins = axes @ weights + intercept
        loss = np.mean(np.logaddexp(0, margins) - codes * margins) + weights @ weights / 2
        residual = (expit(margins) - codes) / len(codes)
        return float(loss), np.append(axes.T @ residual + weights, residual.sum())

    start = np.append(np.zeros(axes.shape[1]), np.log(share / (1 - share)))
    found = _minimum(objective, start)
    return found[:-1, None], found[-1:]


def multinomial(axes: Array, codes: Codes, n_classes: int) -> tuple[Array, Array]:
    """Fit any number of classes, as `binomial` does two; weights have shape (r, k), intercepts (k,)."""
    actual = np.eye(n_classes)[codes]

    def objective(flat: Array) -> tuple[float, Array]:
        both = flat.reshape(-1, n_classes)
        weights, intercept = both[:-1], both[-1]
        logs = log_softmax(axes @ weights + intercept, axis=1)
        loss = -np.mean((actual * logs).sum(axis=1)) + (weights**2).sum() / 2
        residual = (np.exp(logs) - actual) / len(codes)
        gradient = np.vstack([axes.T @ residual + weights, residual.sum(axis=0)])
        return float(loss), gradient.ravel()

    start = np.zeros((axes.shape[1] + 1, n_classes))
    start[-1] = np.log(actual.mean(axis=0))
    found = _minimum(objective, start.ravel()).reshape(-1, n_classes)
    # A constant added to all classes changes nothing; Spark's choice is a mean of 0.
    return found[:-1], found[-1] - found[-1].mean()


def _minimum(objective: Callable[[Array], tuple[float, Array]], start: Array) -> Array:
    options = {"maxiter": 20_000, "maxfun": 40_000, "maxcor": 30, "ftol": 0.0, "gtol": 1e-10}
    result = minimize(objective, start, jac=True, method="L-BFGS-B", options=options)
    # Rounding may stop the line search first; what counts is how steep it still is there.
    steepest = float(np.abs(result.jac).max())
    if not steepest < _STEEPEST:
        raise StageError(f"logistic regression did not converge: {result.message} (gradient {steepest:.1e})")
    found: Array = result.x
    return found
