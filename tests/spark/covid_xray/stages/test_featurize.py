"""Featurize tiny images with the fastest of the five networks."""

import json

import h5py
import numpy as np
import pytest
from covid_xray.errors import StageError
from covid_xray.features.key import feature_key
from covid_xray.stages.featurize import featurize
from covid_xray.storage.tables import Tables
from logistic.columns import unpack_features
from pyspark.sql import functions as F
from sparkdl import WeightsError

BACKBONE = "ResNet50"


@pytest.fixture
def run_featurize(tables, run_id, make_settings, begun_with, store, said):
    def run(suffix="", weights="random", **changes):
        settings = make_settings(**changes).model_dump_json()
        begun_with(suffix, weights_source=weights, weights_store=str(store), settings=settings)
        featurize(tables, run_id + suffix, BACKBONE, said.append)

    return run


def test_each_image_is_computed_once_and_a_run_with_weights_repairs_one_without(
    ingested, run_featurize, tables, of_run, said, tmp_path, make_settings
):
    few = ingested(per_class=5)
    with pytest.raises(WeightsError, match="there is no file or folder"):
        run_featurize(weights=str(tmp_path / "nowhere"))
    # Checked on the driver, which inspects the file: an error of a worker would be wrapped by Spark.
    with h5py.File(tmp_path / "other.weights.h5", "w") as other:
        other["layers/0"] = np.zeros(3, np.float32)
    with pytest.raises(WeightsError, match=r"other\.weights\.h5 does not hold the weights of ResNet50"):
        run_featurize(weights=str(tmp_path / "other.weights.h5"))
    failed = of_run("runs")
    assert {row.status for row in failed} == {"failed"} and "nowhere" in failed[0].error

    run_featurize(**{"execution.chunk_images": 8})
    repaired = of_run("runs")
    assert {(row.status, row.error, row.featurized_images) for row in repaired} == {("running", None, 15)}
    assert [(p.done, p.total) for p in said if p.total] == [(0, 15), (7, 15), (15, 15)]
    assert repaired[0].weights == "random" and json.loads(repaired[0].versions)["pyspark"]
    stored = tables.matching("features", feature_key(make_settings(), BACKBONE, repaired[0].weights_id))
    # Random weights of one seed are the same in every test, so other tests' images may be there too.
    stored = stored.where(F.col("image_id").isin(few))
    kept = stored.select("image_id", "features", unpack_features(F.col("features")).alias("values")).collect()
    assert sorted(row.image_id for row in kept) == sorted(few)
    assert {len(row["values"]) for row in kept} == {2048}
    assert all(np.frombuffer(row.features, "<f4").tolist() == row["values"] for row in kept)

    more = ingested("-more", per_class=6)
    run_featurize("-more")
    assert {row.featurized_images for row in of_run("runs", "-more")} == {3}
    assert tables.read("features").where(F.col("image_id").isin(more)).count() == len(more) == 18


@pytest.mark.thorough
def test_features_of_the_lung_field_are_stored_beside_those_of_the_whole_image(
    ingested, run_featurize, tables, of_run, make_settings
):
    ids = ingested(per_class=4)
    run_featurize(preprocessing="lungs")
    run_featurize()
    weights_id = of_run("runs")[0].weights_id
    features = {}
    for preprocessing in ("plain", "lungs"):
        key = feature_key(make_settings(preprocessing=preprocessing), BACKBONE, weights_id)
        stored = tables.matching("features", key).where(F.col("image_id").isin(ids)).collect()
        features[preprocessing] = {row.image_id: bytes(row.features) for row in stored}
        assert len(stored) == len(features[preprocessing]) == len(ids)
    assert all(features["plain"][image] != features["lungs"][image] for image in ids)


def test_a_missing_image_is_an_error_that_names_it(ingested, run_featurize, of_run):
    ids = ingested(per_class=6, images=False)
    with pytest.raises(StageError, match=f"no features of 18 images, among them {min(ids)}"):
        run_featurize()
    assert {row.status for row in of_run("runs")} == {"failed"}


def test_before_ingest_the_error_says_what_to_run_first(spark, schema, said):
    nothing = Tables(spark, "spark_catalog", schema)
    with pytest.raises(StageError, match="run the ingest task first"):
        featurize(nothing, "r1", BACKBONE, said.append)
