"""All metrics: their order, and all of them at once for one repeat."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

import numpy as np
import numpy.typing as npt

from covid_xray.evaluation.metrics.decisions import DECISIONS
from covid_xray.evaluation.metrics.metric import FromImages, Metric, Place
from covid_xray.evaluation.metrics.probabilities import PROBABILITIES
from covid_xray.evaluation.metrics.repeat import Array, Repeat
from covid_xray.evaluation.metrics.weighted_view import WeightedView

METRICS: tuple[Metric, ...] = (*DECISIONS, *PROBABILITIES)

# A metric's name and the class it is of, None where it is over all.
Key = tuple[str, str | None]


def rows(n_classes: int) -> Iterator[tuple[Metric, int | None]]:
    """Yield each metric with the place of each class that it is of, with None where it is over all.

    This is the order of the table `metrics`: metrics per class that stand side by side in `METRICS` come
    class by class.
    """
    for per_class, side_by_side in groupby(METRICS, key=lambda metric: metric.per_class):
        together = tuple(side_by_side)
        for place in range(n_classes) if per_class else (None,):
            yield from ((metric, place) for metric in together)


def key_of(metric: Metric, place: int | None, classes: Sequence[str]) -> Key:
    """Return what tells a row from the others."""
    return metric.name, None if place is None else classes[place]


def metric_named(name: str, *, per_class: bool) -> Metric:
    """Return the metric of that name: `brier` is there both over all classes and per class."""
    return next(metric for metric in METRICS if (metric.name, metric.per_class) == (name, per_class))


def displayed() -> list[Metric]:
    """Return all metrics in the order in which they are shown, those over all classes first."""
    return sorted(METRICS, key=lambda metric: (metric.per_class, metric.position))


def shown_in(place: Place) -> list[Metric]:
    """Return what a table shows, in its order."""
    return [metric for metric in displayed() if place in metric.shown_in]


def point_estimates(repeat: Repeat) -> dict[Key, float]:
    """Return every metric of one repeat, NaN where it is undefined."""
    found = _evaluate(repeat.classes, lambda how: how.point(repeat))
    return {key: float(value) for key, value in found.items()}


def weighted_estimates(view: WeightedView) -> dict[Key, Array]:
    """Return every metric with each image weighted by its patient's weight, each of shape (r,)."""
    return _evaluate(view.patients.repeat.classes, lambda how: how.weighted(view))


def _evaluate(classes: Sequence[str], compute: Callable[[FromImages], npt.ArrayLike]) -> dict[Key, Array]:
    found: dict[tuple[str, bool], Array] = {}
    for metric in METRICS:
        how, per_class = metric.compute, metric.per_class
        if isinstance(how, FromImages):
            values = compute(how)
        else:
            values = how.formula(*(found[name, per_class] for name in how.names))
        found[metric.name, per_class] = np.asarray(values, np.float64)
    by_key = {}
    for metric, place in rows(len(classes)):
        values = found[metric.name, metric.per_class]
        # The classes are the last axis of a metric per class.
        by_key[key_of(metric, place, classes)] = values if place is None else values[..., place]
    return by_key
