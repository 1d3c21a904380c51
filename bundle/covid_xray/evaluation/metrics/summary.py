"""Figures of one classifier: each metric's mean over repeats, its interval, and how much is behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isclose, isinf, isnan

import pandas as pd

from covid_xray.evaluation.metrics.bootstrap import bootstrap
from covid_xray.evaluation.metrics.concerned import count_fewest, count_images, count_patients
from covid_xray.evaluation.metrics.defined import mean_defined
from covid_xray.evaluation.metrics.intervals import Interval, percentiles, wilson
from covid_xray.evaluation.metrics.points import points
from covid_xray.evaluation.metrics.prevalence import predictive_values
from covid_xray.evaluation.metrics.repeat import Array, Key, Repeat, repeats_of

# Sums of a thousand terms end this close to a whole number that they should be.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Figure:
    """One figure with its 95 % interval.

    Attributes
    ----------
    class_ : str or None
        None where it is over all classes.
    ci_low, ci_high : float or None
        None for a log-loss of 0, of which resamples can say nothing.
    n : int
        Images concerned in one repeat (their rounded mean where repeats differ).
    n_patients : int
        Distinct patients concerned.
    """

    metric: str
    class_: str | None
    value: float
    ci_low: float | None
    ci_high: float | None
    n: int
    n_patients: int


def figures(held_out: pd.DataFrame, classes: Sequence[str], resamples: int, seed: int) -> list[Figure]:
    """Compute the figures of one classifier on one task under one protocol.

    Parameters
    ----------
    held_out : pandas.DataFrame
        Columns `repeat`, `fold`, `image_id`, `patient_id`, `label`, `prediction` and `probability` (a list in
        the order of `classes`): one row per repeat and held-out image.
    classes : sequence of str
        The first is the positive one.
    resamples, seed : int
        Of the bootstrap over patients.

    Returns
    -------
    list of Figure
        Over all classes: `accuracy`, `balanced_accuracy`, `macro_f1`, `mcc`, `log_loss`, `brier`, `ece`,
        `macro_auroc`. Per class, against the rest: `recall`, `specificity`, `precision`, `f1`, `auroc`,
        `auprc` (average precision), `brier`; `ppv_at_<p>_percent` and `npv_at_<p>_percent` at a prevalence of
        1, 5 and 20 %; where a repeat has several folds, `sensitivity_at_95_specificity` and
        `specificity_achieved`, with thresholds from the other folds (see `thresholds.calls`).

    Notes
    -----
    A value is the mean over repeats of scikit-learn's figure on all that the repeat held out; repeats in
    which it is undefined (the precision of a class never predicted) are left out, and so is a figure that is
    undefined in all. `brier` over all classes is as scikit-learn 1.7 and later define it: of two classes the
    mean squared error of the positive one's probability, of more the sum over classes (Brier 1950, Monthly
    Weather Review 78). `ece` has 15 bins of equal width (Guo et al. 2017, ICML).

    An interval holds the middle 95 % of the values on resamples of the patients, all repeats resampled alike,
    so that more repeats of the same images make it no narrower than one. Models and thresholds stay as they
    are: it tells what other patients would change, not other training. A value at an end of its range is the
    same in every resample, so it has Wilson's interval, with n the patients concerned (of the smallest class,
    where classes are set against each other); `ppv` and `npv` then follow from the intervals of `recall` and
    `specificity`. `ece` is a sum of absolute values, which noise makes larger, so resamples lie above it.
    """
    repeats = repeats_of(held_out, classes)
    each = [points(repeat) for repeat in repeats]
    values = {key: float(mean_defined([found[key] for found in each])) for key in each[0]}
    defined = {key: value for key, value in values.items() if not isnan(value)}
    summary = _Summary(repeats, defined, bootstrap(repeats, resamples, seed))
    return [summary.figure(key) for key in defined]


@dataclass(frozen=True)
class _Summary:
    repeats: Sequence[Repeat]
    values: Mapping[Key, float]
    replicates: Mapping[Key, Array]

    def figure(self, key: Key) -> Figure:
        low, high = self._interval(key) or (None, None)
        n, n_patients = count_images(self.repeats, key), count_patients(self.repeats, key)
        return Figure(*key, self.values[key], low, high, n, n_patients)

    def _interval(self, key: Key) -> Interval | None:
        low, high = self._range(key)
        at_low = isclose(self.values[key], low, abs_tol=_ROUNDING)
        if not at_low and not isclose(self.values[key], high, abs_tol=_ROUNDING):
            return percentiles(self.replicates[key])
        if key[0].startswith(("ppv_", "npv_")):
            return self._by_bayes(*key)
        if isinf(high):
            return None
        n = count_fewest(self.repeats, key)
        below, above = wilson(0 if at_low else n, n)
        return low + below * (high - low), low + above * (high - low)

    def _range(self, key: Key) -> Interval:
        n_classes = len(self.repeats[0].classes)
        special = {"mcc": (-1.0, 1.0), "log_loss": (0.0, float("inf"))}
        if key == ("brier", None) and n_classes > 2:
            return 0.0, 2.0
        return special.get(key[0], (0.0, 1.0))

    def _by_bayes(self, metric: str, name: str | None) -> Interval | None:
        """Both predictive values rise with recall and with specificity, so its ends come of their ends."""
        recall, specificity = self._interval(("recall", name)), self._interval(("specificity", name))
        if recall is None or specificity is None:
            return None
        ends = [
            float(dict(predictive_values(*pair))[metric]) for pair in zip(recall, specificity, strict=True)
        ]
        return ends[0], ends[1]
