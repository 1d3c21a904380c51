"""Fit on a split's training rows and predict its held-out rows, in the row space of the features."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from logistic.row_space import RowSpaceFit, fit_rows, probabilities
from threadpoolctl import threadpool_limits

from covid_xray.features.gram import Kernel

# For the fits that go on beside each other: each holds some six matrices of its training images.
_MEMORY = 2**30


@dataclass(frozen=True)
class Fold:
    """A model and what it says of the images that were held out from it.

    Attributes
    ----------
    fit : RowSpaceFit
    rows : ndarray of int64, shape (h,)
        Held-out rows of the Gram matrix.
    predictions : pandas.DataFrame
        Columns `protocol`, `repeat`, `fold`, `image_id`, `patient_id`, `label`, `prediction`, `probability`:
        a row each of `rows`, sorted by image.
    """

    fit: RowSpaceFit
    rows: npt.NDArray[np.int64]
    predictions: pd.DataFrame


def predict_held_out(
    kernel: Kernel, splits: pd.DataFrame, classes: Sequence[str], reg_param: float
) -> pd.DataFrame:
    """Predict every held-out image of one task with models that never saw it.

    Returns
    -------
    pandas.DataFrame
        The predictions of all of `folds`, with the same parameters.
    """
    found = folds(kernel, splits, classes, reg_param)
    return pd.concat([fold.predictions for fold in found], ignore_index=True)


def folds(kernel: Kernel, splits: pd.DataFrame, classes: Sequence[str], reg_param: float) -> list[Fold]:
    """Fit and predict each fold, some at once; in the order of protocol, repeat and fold.

    Parameters
    ----------
    kernel : GramMatrix or another Kernel
        Of all images of `splits`.
    splits : pandas.DataFrame
        Rows of the table `splits` of one task.
    classes : sequence of str
        The order of `probability`.
    reg_param : float
        Spark's regParam, for features divided by the training rows' common scale.
    """
    row_of = {image_id: row for row, image_id in enumerate(kernel.ids)}
    ordered = splits.sort_values("image_id")
    places = ordered.assign(row=ordered["image_id"].map(row_of))
    each = [
        (drawn, int(fold))
        for _, drawn in places.groupby(["protocol", "repeat"])
        for fold in sorted(drawn["fold"].dropna().unique())
    ]
    # The limit is the whole process's, and only the first thread that sets one is heeded.
    with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(_at_once(len(row_of))) as pool:
        return list(pool.map(lambda one: _fold(kernel, one[0], one[1], classes, reg_param), each))


def _at_once(images: int) -> int:
    return max(1, min(os.cpu_count() or 1, _MEMORY // (6 * 8 * images**2)))


def _fold(kernel: Kernel, drawn: pd.DataFrame, fold: int, classes: Sequence[str], reg_param: float) -> Fold:
    held_out, training = drawn[drawn["fold"] == fold], drawn[drawn["fold"] != fold]
    train_rows, test_rows = (part["row"].to_numpy(np.int64) for part in (training, held_out))
    codes = np.array([classes.index(label) for label in training["label"]], np.int64)
    inner, scale = kernel.for_training_rows(train_rows)
    fit = fit_rows(inner, train_rows, codes, len(classes), reg_param * scale**2)
    probability = probabilities(fit, inner, test_rows)
    said = [classes[code] for code in probability.argmax(axis=1)]
    known = held_out[["protocol", "repeat", "image_id", "patient_id", "label"]]
    found = known.assign(fold=fold, prediction=said, probability=probability.tolist())
    return Fold(fit, test_rows, found.reset_index(drop=True))
