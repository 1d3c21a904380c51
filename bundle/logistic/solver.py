"""The minimum of a penalised logistic regression, in axes in which the penalty is half the squared length."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, log_softmax

from logistic.errors import LogisticError

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
    LogisticError
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
    found = _minimum(objective, start, _units(axes, curvature=1 / 4))
    return found[:-1, None], found[-1:]


def multinomial(axes: Array, codes: Codes, n_classes: int) -> tuple[Array, Array]:
    """Fit any number of classes, as `binomial` does two; weights have shape (r, k), intercepts (k,)."""
    # A row a class, a column an example: products of few rows and sums down columns take a third less time.
    actual = np.eye(n_classes)[:, codes]

    def objective(flat: Array) -> tuple[float, Array]:
        both = flat.reshape(n_classes, -1)
        weights, intercept = both[:, :-1], both[:, -1:]
        logs = log_softmax(weights @ axes.T + intercept, axis=0)
        loss = -(actual * logs).sum() / len(codes) + (weights**2).sum() / 2
        residual = (np.exp(logs) - actual) / len(codes)
        gradient = np.hstack([residual @ axes + weights, residual.sum(axis=1, keepdims=True)])
        return float(loss), gradient.ravel()

    start = np.zeros((n_classes, axes.shape[1] + 1))
    start[:, -1] = np.log(actual.mean(axis=1))
    units = np.tile(_units(axes, curvature=1 / n_classes), n_classes)
    found = _minimum(objective, start.ravel(), units).reshape(n_classes, -1).T
    # A constant added to all classes changes nothing; Spark's choice is a mean of 0.
    return found[:-1], found[-1] - found[-1].mean()


def _units(axes: Array, curvature: float) -> Array:
    """Return a unit for each weight, and for the intercept, in which the objective curves alike everywhere.

    The axes stand at right angles and may be thousands of times as long as each other, so the loss curves
    millions of times as much along one as along another, and a solver creeps along the short ones.

    Parameters
    ----------
    curvature : float
        Of one row's loss by its margin, where all classes are equally likely.
    """
    return np.append(1 / np.sqrt(1 + curvature * (axes**2).mean(axis=0)), 1.0)


def _minimum(objective: Callable[[Array], tuple[float, Array]], start: Array, units: Array) -> Array:
    found = start
    # Where nearly all rows are told apart with certainty, these units may mislead: then on without them.
    for unit in (units, np.ones_like(units)):
        found, steepest, message = _descend(objective, found, unit)
        if steepest < _STEEPEST:
            return found
    raise LogisticError(f"logistic regression did not converge: {message} (gradient {steepest:.1e})")


def _descend(
    objective: Callable[[Array], tuple[float, Array]], start: Array, units: Array
) -> tuple[Array, float, str]:
    """Return where it ended, how steep it is there, and why it ended."""

    def in_units(flat: Array) -> tuple[float, Array]:
        loss, gradient = objective(flat * units)
        return loss, gradient * units

    options = {"maxiter": 20_000, "maxfun": 40_000, "maxcor": 30, "ftol": 0.0, "gtol": 1e-10}
    result = minimize(in_units, start / units, jac=True, method="L-BFGS-B", options=options)
    # Rounding may stop the line search first; what counts is how steep it still is there.
    return result.x * units, float(np.abs(result.jac / units).max()), result.message
