"""Fit a baseline on a split's training rows and predict its held-out rows, in the better of two ways."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from threadpoolctl import threadpool_limits

from covid_xray.settings import Settings
from covid_xray.stages.audit.baselines import Baseline

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

_SHARES, _LOGISTIC, _BOOSTING = "class shares", "logistic regression", "gradient boosting"

# Axes of pixels that are kept; what the others hold, the penalty would leave out.
_AXES = 200
# Trees see the first ones only: each column costs them time, and the last ones are noise.
_BOOSTED_AXES = 20
_BOOSTING_ROUNDS = 60
_LEAVES = 8


def candidates(
    baseline: Baseline, splits: pd.DataFrame, classes: Sequence[str], settings: Settings
) -> dict[str, pd.DataFrame]:
    """Predict every held-out image of one task, in each way that the baseline can be fitted.

    Columns are standardised, pixels are then turned to their principal axes; like the classifiers, both are
    fitted on the training rows of the fold alone. On pixels the logistic regression has the networks'
    penalty, on a few columns next to none.

    Parameters
    ----------
    splits : pandas.DataFrame
        Rows of the table `splits` of this task.
    classes : sequence of str
        The order of `probability`.

    Returns
    -------
    dict of str to pandas.DataFrame
        By the way of fitting: columns `protocol`, `repeat`, `fold`, `image_id`, `patient_id`, `label`,
        `prediction`, `probability`, sorted by protocol, repeat, fold and image.
    """
    code_of = {name: code for code, name in enumerate(classes)}
    parts = defaultdict(list)
    with _one_thread():
        for training, held_out in _folds(splits):
            codes = np.array([code_of[label] for label in training["label"]])
            fitted_on, shown = (
                baseline.values.loc[part["image_id"]].to_numpy(float) for part in (training, held_out)
            )
            for way, probability in _probabilities(baseline, fitted_on, codes, shown, settings):
                said = [classes[code] for code in probability.argmax(axis=1)]
                parts[way].append(held_out.assign(prediction=said, probability=probability.tolist()))
    return {way: pd.concat(found, ignore_index=True) for way, found in parts.items()}


def better(found: Mapping[str, pd.DataFrame]) -> tuple[pd.DataFrame, dict[str, str]]:
    """Choose, within each protocol, the way that has most held-out images right.

    It is chosen after the fact, on the very images that it is then measured on. That favours the baseline,
    never the network: a network that is above it is above both ways.

    Returns
    -------
    tuple of pandas.DataFrame and dict
        The predictions, and by protocol the way they were made; of equal ones the first.
    """
    right = {
        way: (part["label"] == part["prediction"]).groupby(part["protocol"]).mean()
        for way, part in found.items()
    }
    protocols = sorted(set(next(iter(found.values()))["protocol"]))
    ways = {protocol: max(found, key=lambda way: right[way][protocol]) for protocol in protocols}
    chosen = [found[way].loc[found[way]["protocol"] == protocol] for protocol, way in ways.items()]
    return pd.concat(chosen, ignore_index=True), ways


def _folds(splits: pd.DataFrame) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Return the training and the held-out rows of every fold."""
    columns = ["protocol", "repeat", "fold", "image_id", "patient_id", "label"]
    for _, drawn in splits.sort_values("image_id")[columns].groupby(["protocol", "repeat"]):
        for fold in sorted(drawn["fold"].dropna().unique()):
            held_out = drawn[drawn["fold"] == fold]
            yield drawn[drawn["fold"] != fold], held_out.astype({"fold": int})


def _probabilities(
    baseline: Baseline, fitted_on: Array, codes: Codes, shown: Array, settings: Settings
) -> Iterator[tuple[str, Array]]:
    """Return the probability of every class, by way of fitting."""
    if not fitted_on.shape[1]:
        yield _SHARES, np.tile(np.bincount(codes) / len(codes), (len(shown), 1))
        return
    # Networks run beside the audit; threads that wait for each other would wait for them.
    with threadpool_limits(limits=1):
        axes = _axes(baseline, fitted_on)
        training, held_out = axes.transform(fitted_on), axes.transform(shown)
        penalty = settings.reg_param * len(codes) if baseline.are_pixels else 1.0
        logistic = _logistic(penalty).fit(training, codes).predict_proba(held_out)
        boosting = _boosting(settings.seed).fit(training[:, :_BOOSTED_AXES], codes)
        boosted = boosting.predict_proba(held_out[:, :_BOOSTED_AXES])
    yield _LOGISTIC, logistic
    yield _BOOSTING, boosted


def _one_thread() -> AbstractContextManager[object]:
    """Keep OpenMP from waking threads for fits of milliseconds: beside busy ones they wait seconds a fit."""
    # Limits reach only libraries that are loaded.
    import sklearn.ensemble  # noqa: F401
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[object] = threadpool_limits(1, user_api="openmp")
    return limits


def _axes(baseline: Baseline, fitted_on: Array) -> Any:
    from sklearn.decomposition import PCA
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows, columns = fitted_on.shape
    steps = [StandardScaler()]
    if baseline.are_pixels:
        steps.append(PCA(min(_AXES, rows - 1, columns), svd_solver="full"))
    return make_pipeline(*steps).fit(fitted_on)


def _logistic(penalty: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=1 / penalty, max_iter=2000)


def _boosting(seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        max_iter=_BOOSTING_ROUNDS, max_leaf_nodes=_LEAVES, early_stopping=False, random_state=seed
    )
