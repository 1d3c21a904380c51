"""The lung field as a column and as a stage of a saved pipeline."""

import io

import numpy as np
import pytest
from covid_xray.features.preprocessing import LungField, prepared
from PIL import Image
from pyspark.ml import Pipeline, PipelineModel
from pyspark.sql import functions as F
from radiograph import lung_field

from tests.corpus.pictures import drawn, picture


@pytest.fixture(scope="module")
def files(spark):
    rows = [
        ("grey", drawn("grey")),
        ("jpeg", drawn("jpeg", "JPEG", "RGB")),
        ("text", b"text"),
        ("null", None),
    ]
    return spark.createDataFrame(rows, "name STRING, content BINARY")


def values(rows) -> dict[str, bytes | None]:
    return {row.name: row.value and bytes(row.value) for row in rows.collect()}


def test_the_lung_field_comes_as_png_and_null_where_there_is_no_picture(files):
    cut = values(files.select("name", prepared(F.col("content"), "lungs").alias("value")))
    assert cut["text"] is None and cut["null"] is None
    image = Image.open(io.BytesIO(cut["grey"]))
    assert image.format == "PNG" and Image.open(io.BytesIO(cut["jpeg"])).mode == "L"
    np.testing.assert_array_equal(np.asarray(image), np.asarray(lung_field(picture("grey"))))


def test_plain_is_the_file_itself(files):
    content = F.col("content")
    assert prepared(content, "plain") is content


def test_a_way_that_is_not_known_is_none():
    with pytest.raises(KeyError, match="thorax"):
        prepared(F.col("content"), "thorax")


def test_a_saved_pipeline_cuts_the_same(files, tmp_path):
    stage = LungField(inputCol="content", outputCol="value")
    Pipeline(stages=[stage]).fit(files).save(str(tmp_path / "model"))
    loaded = PipelineModel.load(str(tmp_path / "model"))
    whole = files.select("name", prepared(F.col("content"), "lungs").alias("value"))
    assert values(loaded.transform(files)) == values(whole)
    assert LungField().setInputCol("a").setOutputCol("b").getOutputCol() == "b"
