"""Compare, on the Gram matrices, predictions and run rows that train and audit write."""

from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
from covid_xray.evaluation.cross_validation import predict_held_out
from covid_xray.evaluation.results import results
from covid_xray.features.gram import GramMatrix, to_row
from covid_xray.features.key import feature_key
from covid_xray.stages.compare import compare
from covid_xray.storage import runs
from covid_xray.storage.runs import Request
from pyspark.sql import functions as F

NETWORKS = ("ResNet50", "VGG16")


@pytest.fixture
def trained(tables, ingested, run_id, few_fits, tmp_path):
    """Write the results of two trained networks and a baseline."""

    def write():
        settings = few_fits(tasks={"binary": ["Covid-19", "No_findings"]})
        ids = sorted(ingested())
        request = Request(run_id, NETWORKS, ("binary",), "random", tmp_path)
        runs.open_run(tables, request, run_id, settings, pd.Timestamp(2026, 1, 2).to_pydatetime())
        splits = tables.matching("splits", {"run_id": run_id, "task": "binary"}).toPandas()
        random = np.random.default_rng(4)
        writes = defaultdict(list)
        for kind, name in [*(("backbone", name) for name in NETWORKS), ("baseline", "file_facts")]:
            features = random.gamma(2.0, 3.0, (len(ids), 40))
            gram_matrix = GramMatrix(tuple(ids), 40, features @ features.T)
            predicted = predict_held_out(gram_matrix, splits, settings.tasks["binary"], settings.reg_param)
            found = results(tables, run_id, kind, name, predicted.assign(task="binary"), settings)
            found |= to_row(feature_key(settings, name, run_id), gram_matrix)
            for table, (rows, _) in found.items():
                writes[table] += rows
        for table, rows in writes.items():
            tables.append(table, rows)
        runs.update(tables, runs.state(tables, run_id), status=runs.SUCCEEDED, weights_id=run_id)

    return write


def test_networks_are_fused_and_every_pair_is_compared_once(trained, tables, run_id, of_run, said):
    trained()
    # The multiclass row of the fixture was never trained.
    tables.spark.sql(f"DELETE FROM {tables.name('runs')} WHERE run_id = '{run_id}' AND task = 'multiclass'")
    for _ in range(2):
        compare(tables, run_id, said.append)
    fused = [row for row in of_run("predictions") if row.backbone == "Fused"]
    held_out = [row for row in of_run("predictions") if row.backbone == "VGG16"]
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
    assert said[-1].note == "12 pairs of classifiers"


def test_without_a_succeeded_network_nothing_is_compared(ingested, tables, run_id, of_run, said):
    ingested()
    compare(tables, run_id, said.append)
    assert "nothing to compare" in said[-1].note and of_run("comparisons") == []
