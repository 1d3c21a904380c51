"""Compare, on the features, predictions and run rows that featurize, train and audit write."""

import json

import numpy as np
import pandas as pd
import pytest
from covid_xray.evaluation.folds import Folds
from covid_xray.evaluation.results import results
from covid_xray.features.key import feature_key
from covid_xray.stages.compare import compare
from covid_xray.storage import runs
from covid_xray.storage.runs import Request
from pyspark.sql import functions as F

NETWORKS = ("ResNet50", "VGG16")


@pytest.fixture
def trained(tables, ingested, run_id, few_fits, tmp_path):
    """Write the results of two trained networks and a baseline."""

    def write(**changes):
        settings = few_fits(tasks={"binary": ["Covid-19", "No_findings"]}, **changes)
        ids = sorted(ingested())
        request = Request(run_id, NETWORKS, ("binary",), "random", tmp_path)
        runs.open_run(tables, request, run_id, settings, pd.Timestamp(2026, 1, 2).to_pydatetime())
        splits = tables.matching("splits", {"run_id": run_id, "task": "binary"}).toPandas()
        folds = Folds.of(splits, settings.tasks)
        random = np.random.default_rng(4)
        for kind, name in [*(("backbone", name) for name in NETWORKS), ("baseline", "file_facts")]:
            guessed = [random.dirichlet((1, 1), fit.held_out(folds.labels).sum()) for fit in folds.fits]
            found = results(tables, run_id, kind, name, folds.predictions(guessed), settings)
            tables.replace_each(found)
            values = random.gamma(2.0, 3.0, (len(ids), 40)).astype(np.float32)
            key = feature_key(settings, name, run_id)
            rows = [key | {"image_id": i, "features": v.tobytes()} for i, v in zip(ids, values, strict=True)]
            tables.append("features", rows)
        runs.update(tables, runs.state(tables, run_id), status=runs.SUCCEEDED, weights_id=run_id)
        # The multiclass row of the fixture was never trained.
        tables.spark.sql(
            f"DELETE FROM {tables.name('runs')} WHERE run_id = '{run_id}' AND task = 'multiclass'"
        )

    return write


def test_networks_are_fused_compared_in_pairs_once_and_measured_in_strata(
    trained, tables, run_id, of_run, said
):
    trained()
    used = sorted({row.image_id for row in of_run("splits") if row.label != "Pneumonia"})
    known = [
        {"image_id": image_id, "sex": "FM"[place % 2], "source": "County" if place < 4 else "Mercy"}
        for place, image_id in enumerate(used)
    ]
    tables.update_rows("images", known, key="image_id")
    held_out = [row.asDict() for row in of_run("predictions") if row.backbone == "VGG16"]
    grouped = [row for row in held_out if row["protocol"] == "patient_grouped" and row["repeat"] == 0]
    tables.append("predictions", [row | {"protocol": "leave_one_source_out"} for row in grouped])
    for _ in range(2):
        compare(tables, run_id, said.append)
    fused = [row for row in of_run("predictions") if row.backbone == "Fused"]
    key = ("task", "protocol", "repeat", "fold", "image_id", "label")
    assert sorted(tuple(row[k] for k in key) for row in fused) == sorted(
        tuple(row[k] for k in key) for row in held_out
    )
    measured = tables.read("metrics").where((F.col("run_id") == run_id) & (F.col("backbone") == "Fused"))
    assert measured.where("metric = 'accuracy'").count() == 2
    pairs = [(row.protocol, row.first, row.second, row.second_kind) for row in of_run("comparisons")]
    expected = {
        *(("Fused", "ResNet50"), ("Fused", "VGG16"), ("ResNet50", "VGG16")),
        *((name, "file_facts") for name in ("Fused", *NETWORKS)),
    }
    assert len(pairs) == 2 * 6 and {pair[1:3] for pair in pairs} == expected
    assert {pair[0] for pair in pairs} == {"as_published", "patient_grouped"}
    assert said[-1].note == "12 pairs of classifiers compared"
    accuracies = [row for row in of_run("strata") if row.metric == "accuracy"]
    strata = [(row.protocol, row.backbone, row.attribute, row.stratum, row.n) for row in accuracies]
    of_all = [("sex", "F", 10), ("sex", "M", 10), ("source", "Mercy", 16)]
    # Where a source was left out it is measured however few images it has.
    assert sorted(strata) == [
        ("leave_one_source_out", "VGG16", "source", "County", 4),
        ("leave_one_source_out", "VGG16", "source", "Mercy", 16),
        *(("patient_grouped", name, *stratum) for name in ("Fused", *NETWORKS) for stratum in of_all),
    ]


@pytest.mark.thorough
def test_both_ways_of_fitting_fuse_alike(trained, tables, run_id, of_run, said):
    trained()
    compare(tables, run_id, said.append)
    key = ("task", "protocol", "repeat", "fold", "image_id")
    fused = {tuple(row[k] for k in key): row for row in of_run("predictions") if row.backbone == "Fused"}
    settings = json.loads(runs.state(tables, run_id)[0]["settings"]) | {"solver": "batched"}
    runs.update(tables, runs.state(tables, run_id), settings=json.dumps(settings))
    for _ in range(2):
        said.clear()
        compare(tables, run_id, said.append)
        assert said[0].note == "fitting all at once, on 20 images with 80 features each"
        again = [row for row in of_run("predictions") if row.backbone == "Fused"]
        assert len(again) == len(fused)
        for row in again:
            expected = fused[tuple(row[k] for k in key)].probability
            np.testing.assert_allclose(row.probability, expected, atol=1e-5)
    stored = tables.matching("features", {"backbone": "Fused"})
    assert stored.where(F.length("features") == 4 * 80).count() == 30, "once for each image"


def test_without_a_succeeded_network_nothing_is_compared(ingested, tables, run_id, of_run, said):
    ingested()
    compare(tables, run_id, said.append)
    assert "nothing to compare" in said[-1].note and of_run("comparisons") == []
