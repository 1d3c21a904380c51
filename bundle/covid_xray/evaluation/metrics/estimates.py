"""Metrics of one classifier: each one's mean over repeats, its interval, and how much is behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isclose, isinf, isnan

import numpy as np
import pandas as pd
from logistic.threads import one_thread

from covid_xray.evaluation.metrics.bootstrap import (
    Interval,
    bootstrap_weights,
    percentiles,
    wilson,
)
from covid_xray.evaluation.metrics.formulas import nan_safe_mean
from covid_xray.evaluation.metrics.metric import FromMetrics, Metric
from covid_xray.evaluation.metrics.records import (
    Key,
    key_of,
    metric_named,
    point_estimates,
    rows,
    weighted_estimates,
)
from covid_xray.evaluation.metrics.repeat import Array, Repeat, repeats_of
from covid_xray.evaluation.metrics.support import count_fewest_patients, count_images, count_patients
from covid_xray.evaluation.metrics.weighted_view import PatientSums, WeightedView

# Sums of a thousand terms end this close to a whole number that they should be.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Estimate:
    """The value of one metric with its 95 % interval.

    Attributes
    ----------
    class_ : str or None
        None where it is over all classes.
    ci_low, ci_high : float or None
        None for a log-loss of 0, of which resamples can say nothing.
    n : int
        Images of the metric's support in one repeat (their rounded mean where repeats differ).
    n_patients : int
        Distinct patients of these images.
    """

    metric: str
    class_: str | None
    value: float
    ci_low: float | None
    ci_high: float | None
    n: int
    n_patients: int


def estimates(held_out: pd.DataFrame, classes: Sequence[str], resamples: int, seed: int) -> list[Estimate]:
    """Estimate the metrics of one classifier on one task under one protocol.

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
    list of Estimate
        Of `METRICS`, in the order of `records.rows`. Metrics at thresholds from the other folds are there
        only where a repeat has several folds.

    Notes
    -----
    A value is the mean over repeats of the metric on all that the repeat held out; repeats in which it is
    undefined (the precision of a class never predicted) are left out, and so is a metric that is undefined in
    all.

    An interval holds the middle 95 % of the values on resamples of the patients, all repeats resampled alike,
    so that more repeats of the same images make it no narrower than one. Models and thresholds stay as they
    are: it tells what other patients would change, not other training. A value at an end of its range is the
    same in every resample, so it has Wilson's interval, with n the patients of the metric's support (of the
    smallest class, where classes are set against each other); that of a metric made of others follows from
    their intervals. `ece` is a sum of absolute values, which noise makes larger, so resamples lie above it.
    """
    repeats = repeats_of(held_out, classes)
    each = [point_estimates(repeat) for repeat in repeats]
    values = {key: float(nan_safe_mean([found[key] for found in each])) for key in each[0]}
    summary = _Summary(repeats, values, replicates(repeats, resamples, seed))
    found = rows(len(classes))
    return [summary.estimate(*row) for row in found if not isnan(values[key_of(*row, classes)])]


def replicates(repeats: Sequence[Repeat], resamples: int, seed: int) -> dict[Key, Array]:
    """Return every metric on resamples, each of shape (resamples,): the mean over repeats of one resample.

    A replicate leaves out the repeats in which the metric is undefined, and is NaN where it is in all.
    """
    n_patients = max(int(repeat.patient.max()) for repeat in repeats) + 1
    patients = [PatientSums(repeat, n_patients) for repeat in repeats]
    width = max(len(repeat.label) for repeat in repeats)
    chunks: list[dict[Key, Array]] = []
    with one_thread():
        for weights in bootstrap_weights(n_patients, resamples, seed, width):
            each = [weighted_estimates(WeightedView(sums, weights)) for sums in patients]
            chunks.append({key: nan_safe_mean([values[key] for values in each]) for key in each[0]})
    return {key: np.concatenate([chunk[key] for chunk in chunks]) for key in chunks[0]}


@dataclass(frozen=True)
class _Summary:
    repeats: Sequence[Repeat]
    values: Mapping[Key, float]
    replicates: Mapping[Key, Array]

    @property
    def classes(self) -> tuple[str, ...]:
        return self.repeats[0].classes

    def estimate(self, metric: Metric, place: int | None) -> Estimate:
        key = key_of(metric, place, self.classes)
        low, high = self._interval(metric, place) or (None, None)
        images = metric.support.of(self.repeats, place)
        n, n_patients = count_images(images), count_patients(self.repeats, images)
        return Estimate(*key, self.values[key], low, high, n, n_patients)

    def _interval(self, metric: Metric, place: int | None) -> Interval | None:
        low, high = metric.bounds(len(self.classes))
        key = key_of(metric, place, self.classes)
        at_low = isclose(self.values[key], low, abs_tol=_ROUNDING)
        if not at_low and not isclose(self.values[key], high, abs_tol=_ROUNDING):
            return percentiles(self.replicates[key])
        if isinstance(metric.compute, FromMetrics):
            return self._interval_from(metric.compute, metric.per_class, place)
        if isinf(high):
            return None
        n = count_fewest_patients(self.repeats, metric.smallest_of or (metric.support,), place)
        below, above = wilson(0 if at_low else n, n)
        return low + below * (high - low), low + above * (high - low)

    def _interval_from(self, how: FromMetrics, per_class: bool, place: int | None) -> Interval:
        parts = (self._interval(metric_named(name, per_class=per_class), place) for name in how.names)
        low, high = (float(how.formula(*ends)) for ends in zip(*filter(None, parts), strict=True))
        return low, high
