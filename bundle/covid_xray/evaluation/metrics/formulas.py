"""Formulas over counts and rates, elementwise; a proportion of nothing is NaN, and no mean counts it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from covid_xray.evaluation.metrics.repeat import Array


def nan_safe_ratio(part: npt.ArrayLike, whole: npt.ArrayLike) -> Array:
    """Divide elementwise; NaN where the whole is 0."""
    above, below = np.broadcast_arrays(np.asarray(part, np.float64), np.asarray(whole, np.float64))
    found: Array = np.divide(above, below, out=np.full(below.shape, np.nan), where=below != 0)
    return found


def nan_safe_mean(values: npt.ArrayLike, axis: int = 0) -> Any:
    """Return the mean of the values that are not NaN; NaN where all are."""
    array = np.asarray(values, np.float64)
    return nan_safe_ratio(np.nansum(array, axis=axis), (~np.isnan(array)).sum(axis=axis))


def positive_predictive_value(
    recall: Array | float, specificity: Array | float, *, prevalence: float
) -> Array:
    """Return the probability that what is predicted as the class is of it, by Bayes' theorem.

    Parameters
    ----------
    recall, specificity : float or ndarray of float64, of the same shape
    prevalence : float
        Share of the class among those examined, between 0 and 1: rarer in a clinic than in a dataset.

    Returns
    -------
    ndarray of float64, of that shape
        NaN where nothing is predicted as the class. It rises with recall and with specificity.
    """
    hits, false_alarms = recall * prevalence, (1 - specificity) * (1 - prevalence)
    return nan_safe_ratio(hits, hits + false_alarms)


def negative_predictive_value(
    recall: Array | float, specificity: Array | float, *, prevalence: float
) -> Array:
    """Return the probability that what is predicted as another class is of another.

    The parameters are those of `positive_predictive_value`; NaN where everything is predicted as the class.
    """
    misses, correct_rejections = (1 - recall) * prevalence, specificity * (1 - prevalence)
    return nan_safe_ratio(correct_rejections, correct_rejections + misses)


def matthews_correlation(total: Array, actual: Array, predicted: Array, correct: Array) -> Array:
    """Return Gorodkin's R_K; as scikit-learn has it, 0 where all labels or all predictions are one class.

    Parameters
    ----------
    total, correct : ndarray of float64, shape (r,)
        Images, and those predicted as their class.
    actual, predicted : ndarray of float64, shape (r, k)
        Images of each class, and those predicted as it.

    Returns
    -------
    ndarray of float64, shape (r,)
        NaN where there are no images.
    """
    covariance = correct * total - (actual * predicted).sum(axis=1)
    variances = (total**2 - (actual**2).sum(axis=1)) * (total**2 - (predicted**2).sum(axis=1))
    return np.where(total > 0, np.nan_to_num(nan_safe_ratio(covariance, np.sqrt(variances))), np.nan)
