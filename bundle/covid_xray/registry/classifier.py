"""The final classifier, fitted on all images of a task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from logistic.feature_rows import FeatureRows
from logistic.row_space import RowSpaceFit, coefficients, common_scale, fit_rows

from covid_xray.features.gram import GramMatrix
from covid_xray.registry.distance import FeatureSpread, training_spread

Array = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Classifier:
    """A fitted classifier for unscaled features, and the spread of its training images.

    Attributes
    ----------
    coefficients : ndarray of float64, shape (k, d)
        As returned by `logistic.row_space.coefficients`.
    intercepts : ndarray of float64, shape (k,)
    mean : ndarray of float64, shape (d,)
        Mean of the training images' features.
    spread : FeatureSpread
    """

    coefficients: Array
    intercepts: Array
    mean: Array
    spread: FeatureSpread


def fit_all(
    gram: GramMatrix,
    features: FeatureRows,
    images: pd.DataFrame,
    classes: Sequence[str],
    reg_param: float,
) -> Classifier:
    """Fit on all images of one task, with the method of cross-validation.

    Parameters
    ----------
    gram : GramMatrix
        Of the unscaled features of these images, and possibly of others.
    features : FeatureRows
        In the order of `gram.ids`.
    images : pandas.DataFrame
        Columns `image_id` and `label`, one row per image of the task.
    classes : sequence of str
    reg_param : float
        Regularisation strength (Spark's regParam), for features divided by the common scale.
    """
    row_of = {image_id: row for row, image_id in enumerate(gram.ids)}
    ordered = images.sort_values("image_id")
    code_of = {name: code for code, name in enumerate(classes)}
    rows = np.array([row_of[image_id] for image_id in ordered["image_id"]])
    codes = np.array([code_of[label] for label in ordered["label"]])
    penalty = reg_param * common_scale(gram.values, rows, gram.columns) ** 2
    fit = fit_rows(gram.values, rows, codes, len(classes), penalty)
    weights, intercepts = coefficients(fit, gram.values, features)
    spread = training_spread(gram.values, rows, gram.columns)
    return Classifier(weights, intercepts, _mean(gram, features, rows), spread)


def _mean(gram: GramMatrix, features: FeatureRows, rows: Rows) -> Array:
    """Return the mean of the rows: the coefficients of a fit with equal dual weights."""
    equal_weights = RowSpaceFit(rows, np.full((len(rows), 1), 1 / len(rows)), np.zeros(1))
    means, _ = coefficients(equal_weights, gram.values, features)
    mean: Array = means[0]
    return mean
