"""The classifier that is kept: fitted on all images of a task, none held out."""

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
    """A fitted classifier for features as they are, and where its training images lie.

    Attributes
    ----------
    coefficients : ndarray of float64, shape (k, d)
        As of `rowspace.coefficients`.
    intercepts : ndarray of float64, shape (k,)
    mean : ndarray of float64, shape (d,)
        Of the training images' features.
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
    """Fit on every image of one task, as each fold was fitted on its training images.

    Parameters
    ----------
    gram : GramMatrix
        Of the features as they are, for these images and maybe for others.
    features : FeatureRows
        In the order of `gram.ids`.
    images : pandas.DataFrame
        Columns `image_id` and `label`: a row an image of the task.
    classes : sequence of str
    reg_param : float
        Spark's regParam, for features divided by the common scale.
    """
    row_of = {image_id: row for row, image_id in enumerate(gram.ids)}
    ordered = images.sort_values("image_id")
    code_of = {name: code for code, name in enumerate(classes)}
    rows = np.array([row_of[image_id] for image_id in ordered["image_id"]])
    codes = np.array([code_of[label] for label in ordered["label"]])
    penalty = reg_param * common_scale(gram.values, rows, gram.columns) ** 2
    fit = fit_rows(gram.values, rows, codes, len(classes), penalty)
    found, intercepts = coefficients(fit, gram.values, features)
    spread = training_spread(gram.values, rows, gram.columns)
    return Classifier(found, intercepts, _mean(gram, features, rows), spread)


def _mean(gram: GramMatrix, features: FeatureRows, rows: Rows) -> Array:
    """Return the mean of the rows: what coefficients of equal weights are."""
    equal = RowSpaceFit(rows, np.full((len(rows), 1), 1 / len(rows)), np.zeros(1))
    found, _ = coefficients(equal, gram.values, features)
    mean: Array = found[0]
    return mean
