"""Results and reports as plain values."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from covid_xray.evaluation.results_model import ProtocolResult, Result, Value
from covid_xray.stages.report.gallery import Gallery
from covid_xray.stages.report.page import render
from covid_xray.stages.report.values import MOST_REFUSED, Comparison, Counts, Flow, Report

CLASSES = ("Covid-19", "No_findings")
NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
PNG = b"\x89PNG picture"


@pytest.fixture
def now() -> datetime:
    """When a page is written."""
    return NOW


@pytest.fixture
def make_protocol_result() -> Callable[..., ProtocolResult]:
    """The result on 20 held-out images, ten of each class; nine and eight of them right."""

    def make(accuracy=0.85, right=(9, 8), classes=CLASSES) -> ProtocolResult:
        label = np.repeat(classes, 10)
        other = np.repeat(classes[::-1], 10)
        place = np.tile(np.arange(10), 2)
        said = np.where(place < np.repeat(right, 10), label, other)
        first = np.where(said == classes[0], 0.7, 0.2) + place / 100
        held_out = pd.DataFrame(
            {
                "label": label,
                "prediction": said,
                "probability": [[p, 1 - p] for p in first],
                "image_id": [f"{n:064x}" for n in range(20)],
                "patient_id": [f"p{n}" for n in range(20)],
                "fold": 0,
            }
        )
        overall = {"accuracy": Value(accuracy, 0.64, 0.948, 20, 18)}
        recall = Value(0.9, 0.6, 0.98, 10, 10)
        return ProtocolResult(overall, {name: {"recall": recall} for name in classes}, held_out)

    return make


@pytest.fixture
def make_result(make_protocol_result) -> Callable[..., Result]:
    """A network that has succeeded, measured with both protocols."""

    def make(name="VGG16", weights="imagenet", classes=CLASSES, **changes) -> Result:
        given = {
            "kind": "backbone",
            "name": name,
            "task": "binary",
            "classes": classes,
            "run_id": "r1",
            "status": "succeeded",
            "weights": weights,
            "weights_id": "abc",
            "featurize_seconds": 60.0,
            "featurized_images": 120,
            "train_seconds": 5.0,
            "by_protocol": {
                "patient_grouped": make_protocol_result(classes=classes),
                "as_published": make_protocol_result(0.9, classes=classes),
            },
        }
        return Result(**(given | changes))

    return make


@pytest.fixture
def baseline(make_result) -> Result:
    """A classifier that sees file facts alone, as good as the network."""
    nothing = {"weights_id": None, "featurize_seconds": None, "featurized_images": None}
    return make_result("file_facts", weights="", kind="baseline", train_seconds=None, **nothing)


@pytest.fixture
def failed(make_result) -> Result:
    """A network whose weights were not there."""
    nothing = {"weights_id": None, "featurize_seconds": None, "featurized_images": None}
    return make_result(
        "VGG19",
        status="failed",
        error="no weights in <nowhere>",
        by_protocol={},
        train_seconds=None,
        **nothing,
    )


@pytest.fixture
def make_margin() -> Callable[..., Comparison]:
    """A network against the baseline `file_facts`."""

    def make(difference, low, high, first="VGG16", protocol="patient_grouped") -> Comparison:
        return Comparison(
            "binary", protocol, first, "file_facts", "baseline", difference, low, high, 3, 1, 0.625, 1.0
        )

    return make


@pytest.fixture
def make_report() -> Callable[..., Report]:
    """A run with these results."""

    def make(
        *results,
        comparisons=(),
        refused=(),
        sources=None,
        variants=None,
        dataset=None,
        near_duplicates=None,
        unknown=0,
        unmatched=0,
        probes=(),
        population=(),
        strata=(),
        left_out=(),
        no_source_folds=None,
        **settings,
    ) -> Report:
        grouped = {"folds": 5, "repeats": 3}
        defaults = {
            "limit_per_class": None,
            "test_fraction": 0.2,
            "repeats": 5,
            "patient_grouped": grouped,
            "preprocessing": "plain",
            "pooling": "published",
        }
        return Report(
            run_id="r1",
            results=results,
            comparisons=tuple(comparisons),
            counts=(Counts("binary", "positive", 50, 30, 10, 4, unknown),),
            flow=Flow(dict(Counter(file.reason for file in refused)), 100, 80, 0, unknown, 9, unmatched),
            refused=tuple(refused[:MOST_REFUSED]),
            sources=sources or {},
            settings=defaults | {"reg_param": 0.05, "scale_hint": "SCALE_SMOOTH"} | settings,
            versions={"pyspark": "4.1.1"},
            git_commit=None,
            variants=variants or {},
            dataset=dataset,
            near_duplicates=near_duplicates,
            probes=tuple(probes),
            population=population,
            strata=strata,
            left_out=left_out,
            no_source_folds=no_source_folds or {},
        )

    return make


@pytest.fixture
def page(make_report) -> Callable[..., str]:
    """The page of a run with these results, as HTML."""

    def make(*results, gallery=None, explanations=(), pictures=(), **report):
        found = make_report(*results, **report)
        names = [f"{r.name}_{r.task}" for r in results] + ["curves_binary", *pictures]
        return render(found, dict.fromkeys(names, PNG), explanations, gallery or Gallery(), NOW)

    return make
