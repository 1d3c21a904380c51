import pytest
from covid_xray.errors import DataError, StageError
from covid_xray.evaluation.baselines import BASELINES
from covid_xray.stages import audit as stage
from covid_xray.stages.audit import audit

REDUCED = {
    "repeats": 1,
    "patient_grouped.repeats": 1,
    "patient_grouped.folds": 2,
    "bootstrap_resamples": 100,
}
# The pictures are drawn, so their source is not known.
NAMES = {baseline.name for baseline in BASELINES} - {"source"}


class LookedAgainError(Exception):
    """The pictures were about to be decoded."""


def test_baselines_go_through_the_folds_of_the_run_and_again_only_where_figures_are_missing(
    run_ingest, tables, run_id, xrays, of_run, said, monkeypatch
):
    (xrays / "metadata.csv").write_text("label,filename,age\nCovid-19,3 picture.png,61\n")
    run_ingest(**REDUCED)
    audit(tables, run_id, said.append)
    predictions, metrics = of_run("predictions"), of_run("metrics")
    assert {(row.kind, row.backbone) for row in predictions} == {("baseline", name) for name in NAMES}
    held_out = {
        (row.task, row.protocol, row.repeat, row.fold, row.image_id, row.patient_id, row.label)
        for row in of_run("splits")
        if row.fold is not None
    }
    for name in NAMES:
        own = [row for row in predictions if row.backbone == name]
        key = [(r.task, r.protocol, r.repeat, r.fold, r.image_id, r.patient_id, r.label) for r in own]
        assert set(key) == held_out and len(key) == len(held_out)
        accuracy = {(r.task, r.protocol): r for r in metrics if (r.backbone, r.metric) == (name, "accuracy")}
        assert len(accuracy) == 4 and all(row.kind == "baseline" for row in accuracy.values())
    # The three classes of the drawn pictures differ in brightness, which a thumbnail shows.
    right = [row.label == row.prediction for row in predictions if row.backbone == "thumbnail"]
    assert sum(right) > 0.9 * len(right)
    assert "binary as_published by " in said[-2].note and "regression" in said[-2].note
    assert said[-1].note == "0 pairs of near-duplicates, 0 of them of different patients"
    assert [(row.found, row.image_id) for row in of_run("near_duplicates")] == [("none", None)]
    notes = [progress.note for progress in said]
    assert (
        "the baseline 'source' is left out: it needs the source of every image, and at least two"
        in "".join(notes)
    )

    def look_again(*_):
        raise LookedAgainError

    monkeypatch.setattr(stage, "read_pictures", look_again)
    audit(tables, run_id, said.append)
    assert said[-1].note == "nothing to do"
    lost = f"run_id = '{run_id}' AND backbone = 'border' AND task = 'binary'"
    tables.spark.sql(f"DELETE FROM {tables.name('metrics')} WHERE {lost}")
    with pytest.raises(LookedAgainError):
        audit(tables, run_id, said.append)


def test_a_patient_on_both_sides_of_a_fold_is_refused(ingested, tables, run_id, said):
    ingested()
    leaking = f"run_id = '{run_id}' AND protocol = 'patient_grouped'"
    tables.spark.sql(f"UPDATE {tables.name('splits')} SET patient_id = 'one' WHERE {leaking}")
    with pytest.raises(DataError, match="patient one is in several folds"):
        audit(tables, run_id, said.append)


def test_a_run_that_was_never_ingested_is_refused(tables, said):
    with pytest.raises(StageError, match="run nowhere does not exist: run the ingest task first"):
        audit(tables, "nowhere", said.append)
