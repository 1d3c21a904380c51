"""Whether two classifiers differ on the same held-out images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from logistic.threads import one_thread

from covid_xray.errors import StageError
from covid_xray.evaluation.metrics.bootstrap import (
    Interval,
    bootstrap_weights,
    percentiles,
    wilson,
)
from covid_xray.evaluation.metrics.formulas import nan_safe_mean, nan_safe_ratio
from covid_xray.evaluation.metrics.repeat import Codes, patient_numbers
from covid_xray.progress import counted

_KEY = ["repeat", "fold", "image_id"]


@dataclass(frozen=True)
class Difference:
    """Accuracy of a first classifier minus that of a second, mean over repeats, with its 95 % interval.

    Attributes
    ----------
    first_only, second_only : int
        Images of the first repeat that only this classifier has right.
    p_value : float
        Of the exact McNemar test on them (McNemar 1947, Psychometrika 12).
    n : int
        Images of one repeat (their rounded mean where repeats differ).
    n_patients : int
    """

    value: float
    ci_low: float
    ci_high: float
    first_only: int
    second_only: int
    p_value: float
    n: int
    n_patients: int


def difference(first: pd.DataFrame, second: pd.DataFrame, resamples: int, seed: int) -> Difference:
    """Compare two classifiers on the images that both held out.

    Parameters
    ----------
    first, second : pandas.DataFrame
        Columns `repeat`, `fold`, `image_id`, `patient_id`, `label`, `prediction`: one row per repeat and
        held-out image, the same in both.
    resamples, seed : int
        Of the bootstrap over patients, in which both classifiers and all repeats are resampled together.

    Raises
    ------
    StageError
        If they do not hold out the same images.

    Notes
    -----
    The test takes images for independent, as is usual; the interval does not. Where no image of any repeat
    tells the two apart no resample can either: the interval then reaches as far to both sides as Wilson's
    for none of the patients.
    """
    pairs = _joined(first, second)
    patient = patient_numbers(pairs)
    gain = pairs["right_first"].to_numpy(np.int64) - pairs["right_second"].to_numpy(np.int64)
    repeats = [rows for _, rows in sorted(pairs.groupby("repeat").indices.items())]
    n_patients = int(patient.max()) + 1
    low, high = _interval([(patient[rows], gain[rows]) for rows in repeats], n_patients, resamples, seed)
    first_only, second_only = (int((gain[repeats[0]] == sign).sum()) for sign in (1, -1))
    return Difference(
        value=float(np.mean([gain[rows].mean() for rows in repeats])),
        ci_low=low,
        ci_high=high,
        first_only=first_only,
        second_only=second_only,
        p_value=_mcnemar(first_only, second_only),
        n=round(len(pairs) / len(repeats)),
        n_patients=n_patients,
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p values for their number (Holm 1979, Scandinavian Journal of Statistics 6)."""
    from statsmodels.stats.multitest import multipletests

    if not p_values:
        return []
    return [float(p) for p in multipletests(p_values, method="holm")[1]]


def _joined(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Put both classifiers' verdicts beside each other, a row per repeat and image."""
    sides = [
        frame.assign(right=frame["label"] == frame["prediction"]).set_index(_KEY).sort_index()
        for frame in (first, second)
    ]
    apart = sides[0].index.symmetric_difference(sides[1].index)
    if len(apart):
        repeat, fold, image_id = apart[0]
        raise StageError(
            f"two compared classifiers do not hold out the same images: {counted(len(apart), 'row')} of "
            f"only one of them, e.g. repeat {repeat}, fold {fold}, image {image_id}; train both on the same "
            "splits"
        )
    left = sides[0][["patient_id", "right"]]
    return left.join(sides[1][["right"]], lsuffix="_first", rsuffix="_second", validate="1:1").reset_index()


def _interval(repeats: Sequence[tuple[Codes, Codes]], n_patients: int, resamples: int, seed: int) -> Interval:
    if not any(gain.any() for _, gain in repeats):
        _, reach = wilson(0, n_patients)
        return -reach, reach
    images = [np.bincount(patient, minlength=n_patients).astype(np.float64) for patient, _ in repeats]
    gains = [np.bincount(patient, gain, minlength=n_patients) for patient, gain in repeats]
    sums = list(zip(gains, images, strict=True))
    with one_thread():
        chunks = [
            nan_safe_mean([nan_safe_ratio(weights @ gain, weights @ size) for gain, size in sums])
            for weights in bootstrap_weights(n_patients, resamples, seed, n_patients)
        ]
    return percentiles(np.concatenate(chunks))


def _mcnemar(first_only: int, second_only: int) -> float:
    from statsmodels.stats.contingency_tables import mcnemar

    return float(mcnemar([[0, first_only], [second_only, 0]], exact=True).pvalue)
