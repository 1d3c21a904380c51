"""What a run's page takes from another run: results on the same folds with the other preprocessing."""

import pytest
from covid_xray.evaluation.results import results
from covid_xray.stages.report import headline
from covid_xray.stages.report.collect import collect
from covid_xray.stages.report.values import MOST_REFUSED
from covid_xray.storage import runs
from pyspark.sql import functions as F

BACKBONE = "ResNet50"


@pytest.fixture
def finished(tables, ingested, run_id, few_fits):
    """Write a run of `ResNet50` that has all images right, or, where it sees the lungs only, none."""

    def write(suffix="", per_class=5, **changes):
        ingested(suffix, per_class, images=False)
        settings, own = few_fits(**changes), run_id + suffix
        right = settings.preprocessing == "plain"
        splits = tables.read("splits").where((F.col("run_id") == own) & F.col("fold").isNotNull()).toPandas()
        binary = splits[(splits["task"] == "binary") & (splits["protocol"] == "patient_grouped")]
        first, second = settings.tasks["binary"]
        said = [first if (label == first) == right else second for label in binary["label"]]
        probability = [[float(name == first), float(name == second)] for name in said]
        held_out = binary.drop(columns="run_id").assign(prediction=said, probability=probability)
        for table, (rows, _) in results(tables, own, "backbone", BACKBONE, held_out, settings).items():
            tables.append(table, rows)
        rows = [row for row in runs.state(tables, own) if row["task"] == "binary"]
        done = {"status": runs.SUCCEEDED, "weights_id": run_id, "settings": settings.model_dump_json()}
        runs.update(tables, rows, **done)

    return write


@pytest.mark.thorough
def test_a_run_that_differs_in_preprocessing_alone_stands_beside_it(finished, tables, run_id):
    finished()
    assert collect(tables, run_id).with_variants == []
    finished("-lungs", preprocessing="lungs")
    # Newer, and of other images: its results are not to be held against these.
    finished("-fewer", per_class=4, preprocessing="lungs")
    ((own, variant),) = collect(tables, run_id).with_variants
    assert (own.run_id, own.preprocessing) == (run_id, "plain")
    assert (variant.run_id, variant.preprocessing) == (f"{run_id}-lungs", "lungs")
    accuracies = [result.headline.overall["accuracy"].value for result in (own, variant)]
    assert accuracies == [1.0, 0.0]

    ((own, variant),) = collect(tables, f"{run_id}-lungs").with_variants
    assert (own.run_id, variant.run_id) == (f"{run_id}-lungs", run_id)
    assert {result.run_id for result in collect(tables, f"{run_id}-lungs").results} == {f"{run_id}-lungs"}


def test_figures_of_the_lungs_only_are_marked_at_the_end_of_a_run_too(finished, tables, run_id):
    finished(preprocessing="lungs")
    *_, (weights, *judged) = headline(tables, run_id)
    assert weights == "Weights: random, lungs only"
    assert [text.partition(":")[0] for text in judged] == ["binary"]


def test_all_files_are_counted_and_few_of_those_refused_are_listed(finished, tables, run_id):
    finished()
    refused = [
        {"run_id": run_id, "path": f"Covid-19/{n:03d}.png", "reason": "blank" if n % 2 else "truncated"}
        for n in range(MOST_REFUSED + 10)
    ]
    tables.append("quarantine", refused)
    found = collect(tables, run_id)
    assert found.flow.refused == {"blank": 30, "truncated": 30}
    assert [(file.path, file.reason) for file in found.refused[29:31]] == [
        ("Covid-19/059.png", "blank"),
        ("Covid-19/000.png", "truncated"),
    ]
    assert len(found.refused) == MOST_REFUSED
    # Each picture of `draw` is a patient's only one; of five a class one is held out.
    assert (found.flow.used, found.flow.patients, found.flow.in_two_classes) == (15, 15, 0)
    assert {(c.task, c.label, c.images, c.patients, c.held_out, c.shared) for c in found.counts} == {
        ("binary", "Covid-19", 5, 5, 1, 0),
        ("binary", "No_findings", 5, 5, 1, 0),
        ("multiclass", "Covid-19", 5, 5, 1, 0),
        ("multiclass", "No_findings", 5, 5, 1, 0),
        ("multiclass", "Pneumonia", 5, 5, 1, 0),
    }
