"""Featurize and train on ten tiny pictures a class, with the fastest of the five networks."""

import json

import numpy as np
import pytest
from covid_xray.errors import CovidXrayError
from covid_xray.featurize import featurize
from covid_xray.train import train
from pyspark.sql import functions as F
from sklearn.linear_model import LogisticRegression
from sparkdl import WeightsError

BACKBONE = "ResNet50"


@pytest.fixture(scope="session")
def weights_store(tmp_path_factory):
    return tmp_path_factory.mktemp("weights")


@pytest.fixture
def run_stages(tables, run_ingest, make_settings, weights_store, said):
    def run(run_id="r1", weights="random", **changes):
        run_ingest(run_id, **changes)
        settings = make_settings(**changes)
        featurize(tables, settings, run_id, BACKBONE, weights, weights_store, said.append)
        train(tables, settings, run_id, BACKBONE, said.append)

    return run


def test_a_run_ends_with_predictions_metrics_and_succeeded_rows(run_stages, tables):
    run_stages(**{"execution.chunk_images": 16})
    rows = tables.read("runs").collect()
    assert {(row.task, row.status, row.featurized_images) for row in rows} == {
        ("binary", "succeeded", 30),
        ("multiclass", "succeeded", 30),
    }
    assert json.loads(rows[0].versions)["pyspark"] and rows[0].weights == "random"
    assert tables.read("features").count() == 30
    held_out = tables.read("splits").where("fold = 0").count()
    assert tables.read("predictions").count() == held_out == 4 + 6
    overall = tables.read("metrics").where("metric = 'accuracy'").collect()
    assert {row.task for row in overall} == {"binary", "multiclass"}
    assert all(row.ci_low <= row.value <= row.ci_high and row.n_patients == row.n for row in overall)


def test_predictions_are_those_of_scikit_learn_on_the_stored_features(run_stages, tables, make_settings):
    run_stages()
    splits = tables.read("splits").where("task = 'multiclass'")
    rows = splits.join(tables.read("features"), "image_id").orderBy("image_id").toPandas()
    values = np.stack(rows["features"]).astype(np.float64)
    training = rows["fold"].isna().to_numpy()
    scale = np.sqrt(values[training].var(axis=0, ddof=1).mean())
    strength = 1 / (make_settings().reg_param * training.sum())
    model = LogisticRegression(C=strength, tol=1e-12, solver="newton-cholesky")
    model.fit(values[training] / scale, rows["label"][training])
    expected = dict(
        zip(rows["image_id"][~training], model.predict_proba(values[~training] / scale), strict=True)
    )
    predictions = tables.read("predictions").where("task = 'multiclass'").collect()
    assert {p.image_id for p in predictions} == set(expected)
    for p in predictions:
        assert p.classes == list(model.classes_)
        np.testing.assert_allclose(p.probability, expected[p.image_id], atol=1e-5)
        assert p.prediction == p.classes[int(np.argmax(p.probability))]


def test_images_seen_before_are_not_featurized_again(run_stages, tables, said):
    run_stages("r1")
    run_stages("r2", seed=3, pooling="published")
    # Another seed means other random weights; the same ones are met with again in the third run.
    run_stages("r3", reg_param=0.5)
    computed = {row.run_id: row.featurized_images for row in tables.read("runs").collect()}
    assert computed == {"r1": 30, "r2": 30, "r3": 0}
    assert tables.read("features").count() == 60


def test_running_a_finished_run_again_changes_nothing(run_stages, tables, said):
    run_stages()
    before = {name: tables.read(name).count() for name in ("features", "predictions", "metrics", "runs")}
    said.clear()
    run_stages()
    assert {name: tables.read(name).count() for name in before} == before
    assert [p.note for p in said[-2:]] == ["nothing to do, all its runs have succeeded", "nothing to do"]


def test_missing_weights_fail_the_backbone_and_training_passes_over_it(run_stages, tables, tmp_path):
    with pytest.raises(WeightsError, match="ResNet50"):
        run_stages(weights=str(tmp_path / "nowhere"))
    row = tables.read("runs").where(F.col("task") == "binary").collect()[0]
    assert row.status == "failed" and "nowhere" in row.error


def test_a_failed_run_is_taken_up_again(run_stages, tables, tmp_path):
    with pytest.raises(WeightsError):
        run_stages(weights=str(tmp_path / "nowhere"))
    run_stages()
    rows = tables.read("runs").collect()
    assert {(row.status, row.error) for row in rows} == {("succeeded", None)}


def test_a_stage_before_ingest_says_what_comes_first(tables, make_settings, weights_store, said):
    with pytest.raises(CovidXrayError, match="run the ingest task first"):
        featurize(tables, make_settings(), "r1", BACKBONE, "random", weights_store, said.append)
