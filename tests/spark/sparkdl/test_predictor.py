"""DeepImagePredictor gives the probabilities of plain Keras, and their names."""

import io

import numpy as np
import pytest
from PIL import Image
from pyspark.ml import Pipeline, PipelineModel
from sparkdl import DeepImagePredictor, WeightsError
from sparkdl.backbones import backbone
from sparkdl.weights import resolve

from tests.networks import networks

# The smallest; the others differ in what the tests of the featurizer compare.
QUICK = "MobileNetV2"


@pytest.fixture
def frame(spark):
    """Two pictures between which there is none."""

    def make(size):
        pixels = np.random.default_rng(5).integers(0, 256, (2, size, size, 3), dtype=np.uint8)
        files = []
        for one in pixels:
            file = io.BytesIO()
            Image.fromarray(one).save(file, "PNG")
            files.append(bytearray(file.getvalue()))
        rows = [(0, files[0]), (1, None), (2, files[1]), (3, bytearray(b"no picture"))]
        return pixels, spark.createDataFrame(rows, "id int, image binary").coalesce(1)

    return make


@pytest.fixture
def names(store, tmp_path, monkeypatch, names_of_classes):
    """The file of class names in a Keras folder of the test's own."""
    file = names_of_classes(tmp_path / "keras")
    (tmp_path / "keras" / "sparkdl").symlink_to(store)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return file


@pytest.mark.parametrize("name", networks(QUICK))
def test_probabilities_equal_plain_keras_and_are_named(frame, names, store, name, tmp_path):
    import keras

    net = backbone(name)
    pixels, images = frame(net.size)
    predictor = DeepImagePredictor(inputCol="image", outputCol="out", modelName=name, weights="random")
    Pipeline(stages=[predictor]).fit(images).write().save(str(tmp_path / "saved"))
    rows = PipelineModel.load(str(tmp_path / "saved")).transform(images).orderBy("id").collect()
    weights = resolve("random", name, store, top=True)
    model = getattr(keras.applications, name)(weights=None)
    model.load_weights(weights.path)
    preprocess = getattr(keras.applications, net.module).preprocess_input
    expected = model(preprocess(pixels.astype(np.float32)), training=False).numpy()
    assert [rows[1].out, rows[3].out] == [None, None]
    np.testing.assert_allclose([rows[0].out.toArray(), rows[2].out.toArray()], expected, atol=1e-5)
    top = predictor.copy({predictor.decodePredictions: True, predictor.topK: 3})
    named = top.transform(images).orderBy("id").collect()
    assert named[1].out is None and named[3].out is None
    # With random weights most probabilities are 0.
    best = np.argsort(-expected[1], kind="stable")[:3]
    assert [one["class"] for one in named[2].out] == [f"n{place:08}" for place in best]
    assert [one["description"] for one in named[2].out] == [f"class {place}" for place in best]
    np.testing.assert_allclose([one["probability"] for one in named[2].out], expected[1][best], atol=1e-5)


def test_weights_without_the_top_are_refused(frame, store):
    weights = str(resolve("random", QUICK, store).path)
    predictor = DeepImagePredictor(inputCol="image", outputCol="out", modelName=QUICK, weights=weights)
    with pytest.raises(
        WeightsError, match=rf"of {QUICK} with its top: it has .* \(those of {QUICK} without its top\)"
    ):
        predictor.transform(frame(8)[1])


def test_names_that_are_no_names_are_refused(frame, names):
    names.write_text("{}")
    predictor = DeepImagePredictor(
        inputCol="image", outputCol="out", modelName=QUICK, weights="random", decodePredictions=True
    )
    with pytest.raises(WeightsError, match=r"does not hold the names of ImageNet's classes .*: delete it"):
        predictor.transform(frame(8)[1])


@pytest.mark.parametrize("count", [0, 1001])
def test_a_number_of_classes_that_there_are_not_is_refused(count):
    with pytest.raises(TypeError, match=rf"topK must be a whole number from 1 to 1000, not {count}"):
        DeepImagePredictor(topK=count)


def test_an_unknown_network_is_refused_with_the_nearest_name():
    with pytest.raises(TypeError, match=r"'Resnet50' is not one of .*, did you mean ResNet50"):
        DeepImagePredictor(modelName="Resnet50")
