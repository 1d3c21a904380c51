"""The dashboard's queries, run by Spark SQL on tables that `ingest` creates and a few rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import pytest
from covid_xray.settings import load_settings
from covid_xray.storage.session import attach_warehouse
from covid_xray.storage.tables import Tables

SCHEMA = "dashboard"
# As texts, the older run's id comes after the newer one's: only the time tells which is the newest.
OLD, NEW, UNFINISHED = "run-9", "run-10", "run-11"
TASK, COVID, HEALTHY = "binary", "Covid-19", "No_findings"
GROUPED = {"task": TASK, "protocol": "patient_grouped"}
VGG16 = {"kind": "backbone", "backbone": "VGG16"}
FILE_FACTS = {"kind": "baseline", "backbone": "file_facts"}
BLANKED = {"kind": "lungs_blanked", "backbone": "VGG16"}

Ask = Callable[[str], list[dict[str, Any]]]


def metric_row(run_id, classifier, metric, value, **changes):
    interval = {"ci_low": value - 0.02, "ci_high": value + 0.01, "n": 60, "n_patients": 40}
    return {
        "run_id": run_id,
        **GROUPED,
        **classifier,
        "metric": metric,
        "value": value,
        **interval,
        **changes,
    }


def prediction(label, predicted, **changes):
    said = {"label": label, "prediction": predicted, "classes": [COVID, HEALTHY], "repeat": 0}
    return {"run_id": NEW, **GROUPED, **VGG16, **said, **changes}


def comparison(first, second_kind, second, **changes):
    values = {"difference": -0.0153, "ci_low": -0.031, "ci_high": 0.002, "p_holm": 0.123456, "n_patients": 40}
    pair = {"first_kind": "backbone", "first": first, "second_kind": second_kind, "second": second}
    return {"run_id": NEW, **GROUPED, **pair, **values, **changes}


def run(run_id, day, backbone="VGG16", task=TASK, **changes):
    row = {"run_id": run_id, "backbone": backbone, "task": task, "status": "succeeded", "weights": "imagenet"}
    return row | {"updated_at": datetime(2026, 1, day, tzinfo=UTC)} | changes


def score(day, out_of_distribution):
    at = datetime(2026, 1, day, 9, tzinfo=UTC)
    return {"model": "VGG16_binary", "out_of_distribution": out_of_distribution, "scored_at": at}


def rows(settings: str) -> dict[str, list[dict[str, Any]]]:
    took = {"featurize_seconds": 20.0, "featurized_images": 100, "train_seconds": 1.5}
    return {
        "runs": [
            run(OLD, 1, settings=settings),
            run(NEW, 2, settings=settings, weights="random", **took),
            run(NEW, 2, task="multiclass", settings=settings, weights="random", **took),
            run(
                NEW,
                3,
                "VGG19",
                status="failed",
                error="no features",
                featurized_images=0,
                featurize_seconds=0.0,
            ),
            run(UNFINISHED, 4, status="running"),
        ],
        "metrics": [
            metric_row(NEW, VGG16, "accuracy", 0.9745),
            metric_row(NEW, FILE_FACTS, "accuracy", 0.99),
            metric_row(NEW, BLANKED, "accuracy", 0.97),
            metric_row(NEW, VGG16, "accuracy", 0.5, protocol="as_published"),
            metric_row(OLD, VGG16, "accuracy", 0.6),
            metric_row(NEW, VGG16, "recall", 0.91, **{"class": COVID, "n": 12}),
            metric_row(NEW, VGG16, "recall", 0.98, **{"class": HEALTHY}),
            metric_row(NEW, FILE_FACTS, "recall", 0.99, **{"class": COVID}),
            metric_row(OLD, VGG16, "recall", 0.7, **{"class": COVID}),
            metric_row(NEW, VGG16, "auroc", 0.99, **{"class": COVID}),
            metric_row(NEW, VGG16, "auroc", 0.985, **{"class": HEALTHY}),
            metric_row(NEW, VGG16, "auroc", 0.61, protocol="external", **{"class": COVID}),
            metric_row(NEW, VGG16, "auroc", 0.62, protocol="external", **{"class": HEALTHY}),
            metric_row(NEW, VGG16, "contrast_auroc", 0.55, protocol="contrast", **{"class": "Other"}),
            metric_row(OLD, VGG16, "auroc", 0.8, protocol="external", **{"class": COVID}),
        ],
        "predictions": [
            *[prediction(COVID, COVID)] * 3,
            prediction(COVID, HEALTHY),
            *[prediction(HEALTHY, HEALTHY)] * 5,
            prediction(HEALTHY, COVID, repeat=1),
            prediction(HEALTHY, COVID, protocol="as_published"),
            prediction(HEALTHY, COVID, run_id=OLD),
            prediction(HEALTHY, COVID, **FILE_FACTS),
        ],
        "comparisons": [
            comparison("VGG16", "baseline", "file_facts"),
            comparison("VGG16", "backbone", "VGG19"),
            comparison("VGG16", "baseline", "file_facts", protocol="as_published"),
            comparison("VGG16", "baseline", "majority", run_id=OLD),
        ],
        "quarantine": [
            *[{"run_id": NEW, "reason": "truncated"}] * 2,
            {"run_id": NEW, "reason": "blank"},
            {"run_id": OLD, "reason": "blank"},
        ],
        "scores": [score(5, False), score(5, True), score(5, False), score(5, False), score(6, False)],
    }


@pytest.fixture(scope="module")
def dashboard(root) -> dict[str, Any]:
    return json.loads((root / "resources" / "results.lvdash.json").read_text())


@pytest.fixture(scope="module")
def ask(spark, root, dashboard, tmp_path_factory) -> Iterator[Ask]:
    """Run a dataset's query as the dashboard does: in the schema of the tables, which it does not name."""
    attach_warehouse(spark, tmp_path_factory.mktemp("dashboard"), SCHEMA)
    tables = Tables(spark, "spark_catalog", SCHEMA)
    tables.create_all()
    given = rows(load_settings(root / "config.yaml", {}).model_dump_json())
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda table: tables.append(table, given[table]), given))
    queries = {dataset["name"]: "".join(dataset["queryLines"]) for dataset in dashboard["datasets"]}
    before = spark.catalog.currentDatabase()
    spark.catalog.setCurrentDatabase(SCHEMA)
    yield cache(lambda name: [row.asDict() for row in spark.sql(queries[name]).collect()])
    spark.catalog.setCurrentDatabase(before)
    spark.sql(f"DROP SCHEMA spark_catalog.{SCHEMA} CASCADE")


def test_every_query_gives_the_columns_that_its_widgets_draw_and_no_other(ask, dashboard) -> None:
    drawn: dict[str, set[str]] = {}
    for query in _queries(dashboard):
        drawn.setdefault(query["datasetName"], set()).update(field["name"] for field in query["fields"])
    assert {name: set(ask(name)[0]) for name in drawn} == drawn


def _queries(dashboard: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for page in dashboard["pages"]:
        for placed in page["layout"]:
            yield from (query["query"] for query in placed["widget"].get("queries", []))


def test_the_headline_is_the_newest_finished_run_per_patient_with_its_baselines(ask) -> None:
    shared = {"task": TASK, "images": 60, "patients": 40}
    network = {"kind": "backbone", "classifier": "VGG16 (random weights)"}
    baseline = {"kind": "baseline", "classifier": "file_facts"}
    # The best stands first, whatever it sees.
    assert ask("accuracy") == [
        shared
        | baseline
        | {"task_and_classifier": "binary: file_facts"}
        | {"accuracy": 99.0, "ci_low": 97.0, "ci_high": 100.0},
        shared
        | network
        | {"task_and_classifier": "binary: VGG16 (random weights)"}
        | {"accuracy": 97.5, "ci_low": 95.5, "ci_high": 98.5},
        shared
        | {"kind": "lungs_blanked", "classifier": "VGG16, lungs blanked (random weights)"}
        | {"task_and_classifier": "binary: VGG16, lungs blanked (random weights)"}
        | {"accuracy": 97.0, "ci_low": 95.0, "ci_high": 98.0},
    ]


def test_areas_on_other_images_stand_beside_that_on_a_networks_own_images(ask) -> None:
    shared = {"task": TASK, "classifier": "VGG16 (random weights)", "positive_class": COVID, "inside": 0.99}
    shared |= {"images": 60, "patients": 40}
    assert ask("other_images") == [
        shared | {"tried_on": "images from elsewhere", "auroc": 0.61, "ci_low": 0.59, "ci_high": 0.62},
        shared | {"tried_on": "Other, contrast", "auroc": 0.55, "ci_low": 0.53, "ci_high": 0.56},
    ]


def test_recall_is_the_networks_on_the_class_that_the_runs_settings_name_first(ask) -> None:
    assert ask("positive_recall") == [
        {"task": TASK, "classifier": "VGG16 (random weights)", "positive_class": COVID, "images": 12}
        | {"recall": 91.0, "ci_low": 89.0, "ci_high": 92.0}
    ]


def test_confusion_counts_the_networks_images_once_and_shows_an_empty_cell_as_0(ask) -> None:
    cells = ask("confusion")
    assert {(cell["task"], cell["classifier"]) for cell in cells} == {(TASK, "VGG16 (random weights)")}
    assert [tuple(cell.values())[2:] for cell in cells] == [
        (COVID, COVID, 3, 75.0),
        (COVID, HEALTHY, 1, 25.0),
        (HEALTHY, COVID, 0, 0.0),
        (HEALTHY, HEALTHY, 5, 100.0),
    ]


def test_the_margin_is_the_newest_runs_difference_to_its_best_baseline_in_points(ask) -> None:
    assert ask("margin") == [
        {
            "task": TASK,
            "classifier": "VGG16 (random weights)",
            "task_and_classifier": "binary: VGG16 (random weights)",
            "best_baseline": "file_facts",
            "margin": -1.5,
            "ci_low": -3.1,
            "ci_high": 0.2,
            "p_holm": 0.1235,
            "patients": 40,
        }
    ]


def test_every_experiment_is_listed_from_the_last_change(ask) -> None:
    listed = [(row["run_id"], row["backbone"], row["task"], row["status"]) for row in ask("states")]
    assert listed == [
        (UNFINISHED, "VGG16", TASK, "running"),
        (NEW, "VGG19", TASK, "failed"),
        (NEW, "VGG16", TASK, "succeeded"),
        (NEW, "VGG16", "multiclass", "succeeded"),
        (OLD, "VGG16", TASK, "succeeded"),
    ]


def test_the_experiments_of_each_run_are_counted_by_state(ask) -> None:
    assert [tuple(row.values()) for row in ask("states_of_runs")] == [
        (UNFINISHED, "running", 1),
        (NEW, "failed", 1),
        (NEW, "succeeded", 2),
        (OLD, "succeeded", 1),
    ]


def test_a_featurization_counts_once_for_both_tasks_and_not_where_nothing_was_computed(ask) -> None:
    assert ask("throughput") == [
        {"run_id": NEW, "backbone": "VGG16", "images": 100, "featurize_seconds": 20.0}
        | {"images_per_second": 5.0, "train_seconds": 3.0}
    ]


def test_refused_files_are_counted_by_run_and_reason(ask) -> None:
    counted = [tuple(row.values()) for row in ask("quarantine")]
    assert sorted(counted) == [(NEW, "blank", 1), (NEW, "truncated", 2), (OLD, "blank", 1)]


def test_scores_are_counted_by_day_with_the_share_out_of_distribution(ask) -> None:
    assert [tuple(row.values()) for row in ask("scores")] == [
        (date(2026, 1, 5), "VGG16_binary", 4, 1, 25.0),
        (date(2026, 1, 6), "VGG16_binary", 1, 0, 0.0),
    ]
