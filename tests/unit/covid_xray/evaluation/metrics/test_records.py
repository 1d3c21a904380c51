from collections import Counter
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from covid_xray.evaluation.metrics import records
from covid_xray.evaluation.metrics.metric import FromImages, FromMetrics, Metric, Place
from covid_xray.evaluation.metrics.records import (
    METRICS,
    metric_named,
    point_estimates,
    rows,
    shown_in,
)


def made(name, *, per_class, **more):
    """A metric that is 1 of two classes."""
    value = np.ones(2) if per_class else 1.0
    nothing = FromImages(point=lambda repeat: value, weighted=lambda view: value)
    return Metric(
        **{"name": name, "title": name, "meaning": "", "source": "", "compute": nothing} | more,
        per_class=per_class,
    )


def test_a_name_stands_once_over_all_classes_and_once_per_class():
    assert max(Counter((metric.name, metric.per_class) for metric in METRICS).values()) == 1
    assert (
        metric_named("brier", per_class=True).per_class
        and not metric_named("brier", per_class=False).per_class
    )


def test_metrics_per_class_that_stand_side_by_side_come_class_by_class(monkeypatch):
    a, d = (made(name, per_class=False) for name in "ad")
    b, c, e = (made(name, per_class=True) for name in "bce")
    monkeypatch.setattr(records, "METRICS", (a, b, c, d, e))
    assert [(metric.name, place) for metric, place in rows(2)] == [
        *[("a", None), ("b", 0), ("c", 0), ("b", 1), ("c", 1)],
        *[("d", None), ("e", 0), ("e", 1)],
    ]


def test_what_is_shown_stands_by_position_those_over_all_classes_first(monkeypatch):
    a = made("a", per_class=True, shown_in=("card",))
    b = made("b", per_class=False, shown_in=("card",), position=1)
    c = made("c", per_class=False, shown_in=("card", "headline"))
    monkeypatch.setattr(records, "METRICS", (a, b, c))
    assert [metric.name for metric in shown_in("card")] == ["c", "b", "a"]
    assert shown_in("headline") == [c] and shown_in("screening") == []


def test_a_metric_of_other_metrics_is_computed_from_their_values(monkeypatch, repeat):
    k = len(repeat.classes)
    part = FromImages(point=lambda _: np.arange(k) / 4, weighted=lambda _: np.zeros((1, k)))
    twice = FromMetrics(("part",), lambda part: 2 * part)
    metrics = made("part", per_class=True, compute=part), made("twice", per_class=True, compute=twice)
    monkeypatch.setattr(records, "METRICS", metrics)
    assert point_estimates(repeat)["twice", "N"] == 2 * point_estimates(repeat)["part", "N"] == 0.5


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: f"{metric.name} {metric.per_class}")
def test_a_record_says_what_it_must(metric):
    assert metric.name == metric.name.lower() and metric.title and metric.source
    assert metric.meaning[0].isupper() and metric.meaning.endswith(".")
    assert all(low < high for low, high in map(metric.bounds, (2, 3)))
    # A headline row is a classifier, a row of the other two tables of the report a class.
    report = set(get_args(Place)) - {"card"}
    assert report & set(metric.shown_in) <= ({"per_class", "screening"} if metric.per_class else {"headline"})


def test_a_metric_of_others_comes_after_them():
    seen = set()
    for metric in METRICS:
        if isinstance(metric.compute, FromMetrics):
            assert {(name, metric.per_class) for name in metric.compute.names} <= seen, metric.name
        seen.add((metric.name, metric.per_class))


def test_a_metric_of_others_rises_with_each_of_them():
    grid = np.linspace(0.05, 0.95, 7)
    for metric in METRICS:
        if isinstance(metric.compute, FromMetrics):
            axes = np.meshgrid(*[grid] * len(metric.compute.names), indexing="ij")
            values = metric.compute.formula(*axes)
            assert all((np.diff(values, axis=axis) > 0).all() for axis in range(len(axes))), metric.name


def test_each_patient_drawn_once_gives_the_point_estimates_themselves(repeat, weights, weighted):
    found = weighted(repeat, np.ones_like(weights[:1]))
    expected = point_estimates(repeat)
    assert list(found) == list(expected)
    for key, value in expected.items():
        assert found[key][0] == pytest.approx(value, abs=1e-12), key


def test_values_lie_within_their_bounds(repeat, weights, weighted):
    found, k = weighted(repeat, weights), len(repeat.classes)
    for metric, place in rows(k):
        values = found[metric.name, None if place is None else repeat.classes[place]]
        low, high = metric.bounds(k)
        assert ((values >= low) & (values <= high)).all(), metric.name


def test_a_resample_without_a_class_leaves_its_metrics_undefined(repeat, weighted):
    # All images of the first patient are N; the resample draws nobody else.
    repeat = replace(repeat, label=np.where(repeat.patient == 0, 1, repeat.label))
    weights = np.zeros((1, repeat.patient.max() + 1))
    weights[0, 0] = 2
    found = {key: values[0] for key, values in weighted(repeat, weights).items()}
    for metric in ("recall", "auroc", "auprc", "sensitivity_at_95_specificity"):
        assert np.isnan(found[metric, "C"]), metric
    assert found["recall", "N"] == found["balanced_accuracy", None] == found["accuracy", None]
    assert found["mcc", None] == 0
