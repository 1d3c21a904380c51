"""The rows of a run that is requested again."""

from datetime import UTC, datetime

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
