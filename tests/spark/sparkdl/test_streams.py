"""Files that arrive are featurized in a stream: each is in the table once, whatever happens to the stream."""

import numpy as np
import pytest
from PIL import Image
from sparkdl import DeepImageFeaturizer


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "arriving files").mkdir()
    return tmp_path / "arriving files"


@pytest.fixture
def arrive(folder):
    def draw(name, seed):
        pixels = np.random.default_rng(seed).integers(0, 256, (40, 40, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / name)

    return draw


@pytest.fixture
def featurizer():
    return DeepImageFeaturizer(
        inputCol="content", outputCol="features", modelName="MobileNetV2", weights="random"
    )


@pytest.fixture
def featurize(spark, folder, featurizer, tmp_path):
    """Featurize what has arrived; the rows of the table come back."""

    def run():
        schema = spark.read.format("binaryFile").load(str(folder)).schema
        files = spark.readStream.format("binaryFile").schema(schema).load(str(folder))
        rows = featurizer.transform(files).select("path", "features").writeStream.format("delta")
        rows = rows.option("checkpointLocation", str(tmp_path / "checkpoint")).trigger(availableNow=True)
        rows.start(str(tmp_path / "table")).awaitTermination()
        return spark.read.format("delta").load(str(tmp_path / "table")).collect()

    return run


def test_each_file_is_there_once_with_the_features_of_a_batch(
    spark, featurize, featurizer, arrive, folder, tmp_path
):
    arrive("a.png", 1)
    (folder / "broken.png").write_text("no picture")
    featurize()
    # As a kill leaves it that comes when the table has a batch and the checkpoint has not noted that.
    for name in ("0", ".0.crc"):
        (tmp_path / "checkpoint" / "commits" / name).unlink()
    arrive("b.png", 2)
    found = featurize()
    assert sorted(row.path.rpartition("/")[2] for row in found) == ["a.png", "b.png", "broken.png"]
    batch = featurizer.transform(spark.read.format("binaryFile").load(str(folder))).collect()
    expected = {row.path: row.features for row in batch}
    assert [row.path for row in found if row.features is None] == [f"file:{folder}/broken.png"]
    for row in found:
        if row.features is not None:
            np.testing.assert_allclose(row.features, expected[row.path], atol=1e-5)
