"""Fit a baseline on a split's training rows and predict its held-out rows, with the better of two methods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from threadpoolctl import threadpool_limits

from covid_xray.evaluation.baselines.axes import Array, Numbers, fit_axes
from covid_xray.evaluation.folds import with_predictions
from covid_xray.settings import Settings

Codes = npt.NDArray[np.int64]

_SHARES, _LOGISTIC, _BOOSTING = "class shares", "logistic regression", "gradient boosting"

# Trees see the first axes only: each column costs them time, and the last ones are noise.
_BOOSTED_AXES = 20
_BOOSTING_ROUNDS = 60
_LEAVES = 8


def candidates(
    values: pd.DataFrame, are_pixels: bool, splits: pd.DataFrame, classes: Sequence[str], settings: Settings
) -> dict[str, pd.DataFrame]:
    """Predict every held-out image of one task, with each method that a baseline can be fitted by.

    Columns are standardised, pixels are then turned to their principal axes; like the classifiers, both are
    fitted on the training rows of the fold alone, whose weights are the same as for networks. On pixels the
    logistic regression has the networks' penalty, on a few columns next to none.

    Parameters
    ----------
    values : pandas.DataFrame
        What the baseline is told of each image: numbers, by `image_id`.
    are_pixels : bool
        Whether the columns are neighbouring pixels.
    splits : pandas.DataFrame
        Rows of the table `splits` of this task.
    classes : sequence of str
        The order of `probability`.

    Returns
    -------
    dict of str to pandas.DataFrame
        By method: columns `protocol`, `repeat`, `fold`, `image_id`, `patient_id`, `label`,
        `prediction`, `probability`, sorted by protocol, repeat, fold and image.
    """
    parts = defaultdict(list)
    with one_thread():
        for training, held_out in _folds(splits):
            codes = pd.Categorical(training["label"], categories=list(classes)).codes.astype(np.int64)
            fitted_on, shown = (values.loc[part["image_id"]].to_numpy() for part in (training, held_out))
            weights = group_weights(training) if settings.is_balanced else None
            for method, probability in probabilities(fitted_on, are_pixels, codes, shown, settings, weights):
                parts[method].append(with_predictions(held_out, classes, probability))
    return {method: pd.concat(found, ignore_index=True) for method, found in parts.items()}


def better(found: Mapping[str, pd.DataFrame]) -> tuple[pd.DataFrame, dict[str, str]]:
    """Choose, within each protocol, the method that has most held-out images right.

    It is chosen after the fact, on the very images that it is then measured on. That favours the baseline,
    never the network: a network that is above it is above both methods.

    Returns
    -------
    tuple of pandas.DataFrame and dict
        The predictions, and by protocol the method that made them; of equally good ones the first.
    """
    right = {
        method: (part["label"] == part["prediction"]).groupby(part["protocol"]).mean()
        for method, part in found.items()
    }
    protocols = sorted(set(next(iter(found.values()))["protocol"]))
    methods = {protocol: max(found, key=lambda method: right[method][protocol]) for protocol in protocols}
    chosen = [found[method].loc[found[method]["protocol"] == name] for name, method in methods.items()]
    return pd.concat(chosen, ignore_index=True), methods


def _folds(splits: pd.DataFrame) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Return the training and the held-out rows of every fold."""
    columns = ["protocol", "repeat", "fold", "image_id", "patient_id", "label"]
    for _, drawn in splits.sort_values("image_id").groupby(["protocol", "repeat"]):
        for fold in sorted(drawn["fold"].dropna().unique()):
            held_out = drawn.loc[drawn["fold"] == fold, columns]
            yield drawn[drawn["fold"] != fold], held_out.astype({"fold": int})


def group_weights(training: pd.DataFrame) -> Array:
    """Return weights with which the groups of one class and one source weigh equally, 1 in the mean."""
    groups = training.groupby(["label", "source"])
    weights = len(training) / groups.ngroups / groups["image_id"].transform("size")
    return weights.to_numpy(np.float64)


def probabilities(
    fitted_on: Numbers,
    are_pixels: bool,
    codes: Codes,
    shown: Numbers,
    settings: Settings,
    weights: Array | None,
) -> Iterator[tuple[str, Array]]:
    """Yield each method and the probability that it gives to every class.

    Parameters
    ----------
    fitted_on, shown : ndarray of float64 or uint8, shapes (n, columns) and (m, columns)
        What the baseline is told of training rows, and of those that it predicts.
    codes : ndarray of int64, shape (n,)
        The class of each training row, by its place among the task's classes; every class has a row.
    weights : ndarray of float64, shape (n,), or None
        Of the training rows, 1 in the mean; None weighs all equally.

    Yields
    ------
    str, ndarray of float64, shape (m, classes)
    """
    if not fitted_on.shape[1]:
        shares = np.bincount(codes, weights) / len(codes)
        yield _SHARES, np.tile(shares, (len(shown), 1))
        return
    # Networks run beside the audit; threads that wait for each other would wait for them.
    with threadpool_limits(limits=1):
        turn = fit_axes(fitted_on, are_pixels)
        training, held_out = turn(fitted_on), turn(shown)
        penalty = settings.reg_param * len(codes) if are_pixels else 1.0
        logistic = _logistic(penalty).fit(training, codes, weights).predict_proba(held_out)
        boosting = _boosting(settings.seed).fit(training[:, :_BOOSTED_AXES], codes, weights)
        boosted = boosting.predict_proba(held_out[:, :_BOOSTED_AXES])
    yield _LOGISTIC, logistic
    yield _BOOSTING, boosted


def one_thread() -> AbstractContextManager[object]:
    """Keep OpenMP from waking threads for fits of milliseconds: beside busy ones they wait seconds a fit."""
    # Limits reach only libraries that are loaded.
    import sklearn.ensemble  # noqa: F401
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[object] = threadpool_limits(1, user_api="openmp")
    return limits


def _logistic(penalty: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=1 / penalty, max_iter=2000)


def _boosting(seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        max_iter=_BOOSTING_ROUNDS, max_leaf_nodes=_LEAVES, early_stopping=False, random_state=seed
    )
