"""The lung field as a column and as a stage of a saved pipeline."""

import numpy as np
import pytest
from covid_xray.features.preprocessing import LungField, preprocessed
from pyspark.ml import Pipeline, PipelineModel
from pyspark.sql import functions as F
from radiograph import as_png, lung_field
from sparkdl.images import to_input

from tests.corpus.pictures import drawn, picture

HINT = "SCALE_AREA_AVERAGING"


@pytest.fixture(scope="module")
def files(spark):
    rows = [
        ("grey", drawn("grey")),
        ("jpeg", drawn("jpeg", "JPEG", "RGB")),
        ("text", b"text"),
        ("null", None),
    ]
    return spark.createDataFrame(rows, "name STRING, content BINARY")


def values(rows):
    return {row.name: row.value for row in rows.collect()}


def test_the_lung_field_is_in_sparks_image_schema_and_null_without_an_image(files):
    cut = values(files.select("name", preprocessed(F.col("content"), "lungs").alias("value")))
    assert cut["text"] is None and cut["null"] is None
    field = lung_field(picture("grey"))
    found = cut["grey"]
    assert (found.width, found.height, found.nChannels) == (*field.size, 1) and cut["jpeg"].nChannels == 1
    np.testing.assert_array_equal(np.frombuffer(found.data, np.uint8), np.asarray(field).ravel())
    np.testing.assert_array_equal(to_input(found.asDict(), 32, HINT), to_input(as_png(field), 32, HINT))


def test_plain_returns_the_content_unchanged(files):
    content = F.col("content")
    assert preprocessed(content, "plain") is content


def test_an_unknown_preprocessing_is_an_error():
    with pytest.raises(KeyError, match="thorax"):
        preprocessed(F.col("content"), "thorax")


def test_a_saved_pipeline_gives_the_same_lung_fields(files, tmp_path):
    stage = LungField(inputCol="content", outputCol="value")
    Pipeline(stages=[stage]).fit(files).save(str(tmp_path / "model"))
    loaded = PipelineModel.load(str(tmp_path / "model"))
    whole = files.select("name", preprocessed(F.col("content"), "lungs").alias("value"))
    assert values(loaded.transform(files)) == values(whole)
    assert LungField().setInputCol("a").setOutputCol("b").getOutputCol() == "b"
