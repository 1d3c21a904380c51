"""The rows of a run that is requested again."""

from datetime import UTC, datetime

import pytest
from covid_xray.errors import StageError
from covid_xray.storage import runs
from covid_xray.storage.runs import Request

NETWORK = "ResNet50"


def test_succeeded_rows_are_kept_and_only_their_weights_source_is_updated(
    ingested, tables, run_id, few_fits, begun_with, of_run, tmp_path
):
    ingested()
    begun_with(status=runs.SUCCEEDED, weights_file="old")
    begun = {row.task: row for row in of_run("runs")}
    others = Request(run_id, (NETWORK, "VGG16"), ("multiclass",), str(tmp_path / "w"), tmp_path)
    settings = few_fits(**{"execution.batch_size": 1})
    runs.open_run(tables, others, "inputs", settings, datetime(2026, 1, 3, tzinfo=UTC))

    rows = {(row.backbone, row.task): row for row in of_run("runs")}
    assert set(rows) == {(NETWORK, "binary"), (NETWORK, "multiclass"), ("VGG16", "multiclass")}
    for (backbone, task), row in rows.items():
        assert (row.weights_source, row.weights) == (others.weights, "file")
        if backbone == NETWORK:
            same = ("status", "settings", "weights_file", "updated_at")
            assert [row[name] for name in same] == [begun[task][name] for name in same]
    new = rows["VGG16", "multiclass"]
    assert new.status == runs.PENDING and runs.settings_of([new.asDict()]) == settings


def test_a_run_that_does_not_exist_is_named_with_what_comes_first(tables):
    with pytest.raises(StageError, match="run nowhere does not exist: run the ingest task first"):
        runs.existing_rows(tables, "nowhere")


def test_so_is_a_backbone_that_a_run_was_not_requested_for(ingested, tables, run_id):
    ingested()
    with pytest.raises(StageError, match=f"run {run_id} of VGG19 does not exist"):
        runs.existing_rows(tables, run_id, "VGG19")
