"""Cross-validation of all classifiers of a network at once, for more images than features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from logistic.batched import PrimalFit, fit_many
from logistic.feature_rows import FeatureRows
from logistic.rows import Block, Fit, RowsInMemory
from logistic.solver import class_probabilities

from covid_xray.evaluation.cross_validation import with_predictions

_SPLIT = ["task", "protocol", "repeat"]
_COLUMNS = [*_SPLIT, "fold", "image_id", "patient_id", "label"]
# Rows of a block: with 2,048 features each, 16 MB.
_BLOCK_ROWS = 2048


def predict_all_held_out(
    features: FeatureRows,
    ids: Sequence[str],
    splits: pd.DataFrame,
    tasks: Mapping[str, Sequence[str]],
    reg_param: float,
) -> pd.DataFrame:
    """Predict every held-out image of all tasks with models not trained on it.

    Parameters
    ----------
    features : FeatureRows
        Of the images `ids`, in that order.
    splits : pandas.DataFrame
        Rows of the table `splits`.
    tasks : mapping of str to sequence of str
        The classes of each task, in the order of `probability`.
    reg_param : float
        As in `covid_xray.evaluation.cross_validation`.

    Returns
    -------
    pandas.DataFrame
        Column `task`, and those of `covid_xray.evaluation.cross_validation.Fold.predictions`, in the order of
        task, protocol, repeat, fold and image.
    """
    row_of = pd.Series(np.arange(len(ids)), index=list(ids))
    drawn = splits.assign(row=splits["image_id"].map(row_of)).sort_values([*_SPLIT, "image_id"])
    names = sorted(set(drawn["task"]))
    parts: list[tuple[tuple[Any, ...], pd.DataFrame]] = list(drawn.groupby(_SPLIT))
    codes, folds = _codes(drawn, names, tasks, len(ids)), _folds([part for _, part in parts], len(ids))
    fits: list[Fit] = []
    held_out: list[pd.DataFrame] = []
    for split, (key, part) in enumerate(parts):
        in_folds = part.dropna(subset="fold").astype({"fold": int})
        for fold in sorted(in_folds["fold"].unique()):
            fits.append(Fit(names.index(key[0]), split, int(fold)))
            held_out.append(in_folds[in_folds["fold"] == fold])
    blocks = [
        Block(chunk[start : start + _BLOCK_ROWS], codes[rows], folds[rows])
        for chunk, indices in zip(features.chunks, features.indices, strict=True)
        for start in range(0, len(chunk), _BLOCK_ROWS)
        for rows in [indices[start : start + _BLOCK_ROWS]]
    ]
    models = fit_many(RowsInMemory(blocks), fits, [len(tasks[name]) for name in names], reg_param)
    found = _probabilities(features, models, [one["row"].to_numpy(np.int64) for one in held_out])
    predicted = [
        with_predictions(images[_COLUMNS], tasks[names[fit.task]], probability)
        for fit, images, probability in zip(fits, held_out, found, strict=True)
    ]
    return pd.concat(predicted, ignore_index=True)


def _codes(
    drawn: pd.DataFrame, names: Sequence[str], tasks: Mapping[str, Sequence[str]], rows: int
) -> npt.NDArray[np.int8]:
    """Return the class of each image in each task, shape (rows, tasks); -1 where the task lacks the image."""
    codes = np.full((rows, len(names)), -1, np.int8)
    for column, name in enumerate(names):
        own = drawn[drawn["task"] == name]
        codes[own["row"], column] = pd.Categorical(own["label"], categories=list(tasks[name])).codes
    return codes


def _folds(parts: Sequence[pd.DataFrame], rows: int) -> npt.NDArray[np.int16]:
    """Return the fold that holds out each image in each split, shape (rows, splits); -1 if none does."""
    folds = np.full((rows, len(parts)), -1, np.int16)
    for column, part in enumerate(parts):
        folds[part["row"], column] = part["fold"].fillna(-1)
    return folds


def _probabilities(
    features: FeatureRows, models: Sequence[PrimalFit], rows: Sequence[npt.NDArray[np.int64]]
) -> list[npt.NDArray[np.float64]]:
    """Return the probabilities that each model gives to its own rows, from one pass over the features."""
    coefficients = np.vstack([model.coefficients for model in models]).T
    intercepts = np.concatenate([model.intercept for model in models])
    margins = np.empty((features.shape[0], len(intercepts)))
    for indices, chunk in zip(features.indices, features.chunks, strict=True):
        margins[indices] = chunk.astype(np.float64) @ coefficients + intercepts
    ends = np.cumsum([len(model.intercept) for model in models])
    return [
        class_probabilities(margins[own, end - len(model.intercept) : end])
        for model, own, end in zip(models, rows, ends, strict=True)
    ]
