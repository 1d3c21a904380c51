"""Cross-validation in the row space of the features: fit on training rows, predict held-out rows."""

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

# Memory in bytes for concurrent fits; each holds about six matrices of its training images.
_FIT_MEMORY = 2**30


@dataclass(frozen=True)
class Fold:
    """A fitted model and its predictions for the held-out images.

    Attributes
    ----------
    fit : RowSpaceFit
    rows : ndarray of int64, shape (h,)
        Held-out rows of the Gram matrix.
    predictions : pandas.DataFrame
        Columns `protocol`, `repeat`, `fold`, `image_id`, `patient_id`, `label`, `prediction`, `probability`;
        one row for each of `rows`, sorted by image.
    """

    fit: RowSpaceFit
    rows: npt.NDArray[np.int64]
    predictions: pd.DataFrame


def predict_held_out(
    kernel: Kernel, splits: pd.DataFrame, classes: Sequence[str], reg_param: float
) -> pd.DataFrame:
    """Predict every held-out image of one task with models not trained on it.

    Returns
    -------
    pandas.DataFrame
        The predictions of all folds, as of `fit_folds` with the same parameters.
    """
    fitted = fit_folds(kernel, splits, classes, reg_param)
    return pd.concat([fold.predictions for fold in fitted], ignore_index=True)


def fit_folds(kernel: Kernel, splits: pd.DataFrame, classes: Sequence[str], reg_param: float) -> list[Fold]:
    """Fit and predict all folds, some concurrently; in the order of protocol, repeat and fold.

    Parameters
    ----------
    kernel : GramMatrix or another Kernel
        Of all images in `splits`.
    splits : pandas.DataFrame
        Rows of the table `splits` of one task.
    classes : sequence of str
        The order of `probability`.
    reg_param : float
        Regularisation strength (Spark's regParam), for features divided by the training rows' common scale.
    """
    row_of = {image_id: row for row, image_id in enumerate(kernel.ids)}
    ordered = splits.sort_values("image_id")
    with_rows = ordered.assign(row=ordered["image_id"].map(row_of))
    fits = [
        (repeat, int(fold))
        for _, repeat in with_rows.groupby(["protocol", "repeat"])
        for fold in sorted(repeat["fold"].dropna().unique())
    ]
    # Set once, outside the pool: the limit is process-wide, and only the first thread that sets it is heeded.
    with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(_max_fits(len(row_of))) as pool:
        return list(pool.map(lambda fit: _fit_fold(kernel, fit[0], fit[1], classes, reg_param), fits))


def with_predictions(
    images: pd.DataFrame, classes: Sequence[str], probability: npt.NDArray[np.float64]
) -> pd.DataFrame:
    """Add the columns `prediction`, the most probable class, and `probability`, from shape (images, k)."""
    predicted = [classes[code] for code in probability.argmax(axis=1)]
    return images.assign(prediction=predicted, probability=probability.tolist())


def _max_fits(images: int) -> int:
    return max(1, min(os.cpu_count() or 1, _FIT_MEMORY // (6 * 8 * images**2)))


def _fit_fold(
    kernel: Kernel, split: pd.DataFrame, fold: int, classes: Sequence[str], reg_param: float
) -> Fold:
    held_out, training = split[split["fold"] == fold], split[split["fold"] != fold]
    train_rows, test_rows = (part["row"].to_numpy(np.int64) for part in (training, held_out))
    codes = np.array([classes.index(label) for label in training["label"]], np.int64)
    matrix, scale = kernel.for_training_rows(train_rows)
    fit = fit_rows(matrix, train_rows, codes, len(classes), reg_param * scale**2)
    probability = probabilities(fit, matrix, test_rows)
    images = held_out[["protocol", "repeat", "image_id", "patient_id", "label"]].assign(fold=fold)
    predictions = with_predictions(images, classes, probability)
    return Fold(fit, test_rows, predictions.reset_index(drop=True))
