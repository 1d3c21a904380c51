"""Featurize and train on ten tiny pictures a class, with the fastest of the five networks."""

import json

import numpy as np
import pytest
from covid_xray.errors import CovidXrayError
from covid_xray.featurize import featurize
from covid_xray.tables import Tables
from covid_xray.train import train
from pyspark.sql import functions as F
from sklearn.linear_model import LogisticRegression
from sparkdl import WeightsError

BACKBONE = "ResNet50"


@pytest.fixture(scope="session")
def weights_store(tmp_path_factory):
    return tmp_path_factory.mktemp("weights")


@pytest.fixture
def run_stages(tables, run_ingest, run_id, make_settings, weights_store, said):
    def run(suffix="", weights="random", **changes):
        run_ingest(suffix, **changes)
        settings = make_settings(**changes)
        featurize(tables, settings, run_id + suffix, BACKBONE, weights, weights_store, said.append)
        train(tables, settings, run_id + suffix, BACKBONE, said.append)

    return run


@pytest.fixture
def rows(tables, run_id):
    def of_run(table, suffix=""):
        return tables.read(table).where(F.col("run_id") == run_id + suffix)

    return of_run


def check_against_scikit_learn(rows, tables, reg_param):
    splits = rows("splits").where("task = 'multiclass'")
    table = splits.join(tables.read("features"), "image_id").orderBy("image_id").toPandas()
    values = np.stack(table["features"]).astype(np.float64)
    training = table["fold"].isna().to_numpy()
    scale = np.sqrt(values[training].var(axis=0, ddof=1).mean())
    model = LogisticRegression(C=1 / (reg_param * training.sum()), tol=1e-10, max_iter=10_000)
    model.fit(values[training] / scale, table["label"][training])
    expected = model.predict_proba(values[~training] / scale)
    by_image = dict(zip(table["image_id"][~training], expected, strict=True))
    predictions = rows("predictions").where("task = 'multiclass'").collect()
    assert {p.image_id for p in predictions} == set(by_image)
    for p in predictions:
        assert p.classes == list(model.classes_)
        np.testing.assert_allclose(p.probability, by_image[p.image_id], atol=1e-5)
        assert p.prediction == p.classes[int(np.argmax(p.probability))]


def test_a_run_ends_with_what_scikit_learn_predicts_and_another_run_reuses_its_features(
    run_stages, rows, tables, make_settings, said
):
    run_stages(**{"execution.chunk_images": 16})
    ended = rows("runs").collect()
    assert {(row.task, row.status, row.featurized_images) for row in ended} == {
        ("binary", "succeeded", 30),
        ("multiclass", "succeeded", 30),
    }
    assert json.loads(ended[0].versions)["pyspark"] and ended[0].weights == "random"
    assert rows("predictions").count() == rows("splits").where("fold = 0").count() == 4 + 6
    overall = rows("metrics").where("metric = 'accuracy'").collect()
    assert {row.task for row in overall} == {"binary", "multiclass"}
    assert all(row.ci_low <= row.value <= row.ci_high and row.n_patients == row.n for row in overall)
    check_against_scikit_learn(rows, tables, make_settings().reg_param)

    run_stages("-again", reg_param=0.5)
    assert {row.featurized_images for row in rows("runs", "-again").collect()} == {0}

    said.clear()
    run_stages()
    assert [p.note for p in said[-2:]] == ["nothing to do, all its runs have succeeded", "nothing to do"]
    assert rows("predictions").count() == 10 and rows("runs").count() == 2


def test_missing_weights_fail_the_backbone_until_a_run_with_weights_repairs_it(run_stages, rows, tmp_path):
    with pytest.raises(WeightsError, match="no weights for ResNet50"):
        run_stages(weights=str(tmp_path / "nowhere"), limit_per_class=6)
    failed = rows("runs").collect()
    assert {row.status for row in failed} == {"failed"} and "nowhere" in failed[0].error
    run_stages(limit_per_class=6)
    assert {(row.status, row.error) for row in rows("runs").collect()} == {("succeeded", None)}


def test_a_stage_before_ingest_says_what_comes_first(spark, schema, make_settings, weights_store, said):
    nothing = Tables(spark, "spark_catalog", schema)
    with pytest.raises(CovidXrayError, match="run the ingest task first"):
        featurize(nothing, make_settings(), "r1", BACKBONE, "random", weights_store, said.append)
