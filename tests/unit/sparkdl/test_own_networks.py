"""Networks of one's own compute what Keras computes, and files that cannot be used are refused."""

import numpy as np
import pytest
from sparkdl.backbones import backbone
from sparkdl.errors import SparkdlError
from sparkdl.feature_map import FeatureMap, feature_map
from sparkdl.model_file import ModelFileError
from sparkdl.network import Network, NetworkSpec, build
from sparkdl.own_networks import (
    check_own_model,
    map_of_architecture,
    map_of_model,
    own_backbone,
    own_model,
    own_weights,
)
from sparkdl.weights import WeightsError, resolve

from tests.models import save_model

NAME = "MobileNetV2"


def pictures(size):
    return np.random.default_rng(0).integers(0, 256, (3, size, size, 3), dtype=np.uint8)


@pytest.fixture
def saved(tmp_path):
    """Save a model; returns its file and itself."""

    def save(shape=(64, 64, 3), top=None):
        file = tmp_path / "mine.keras"
        return file, save_model(file, shape, top)

    return save


def computed(file, shapes, preprocessing, pooling="none"):
    network = own_model("Mine", shapes, preprocessing)
    spec = NetworkSpec(network, str(file), pooling)
    return Network(spec).apply(pictures(shapes.size))


@pytest.mark.parametrize("pooling", ["published", "avg", "max"])
def test_a_models_map_is_flattened_or_pooled(saved, pooling):
    file, model = saved()
    maps = model(pictures(64).astype(np.float32) / 255).numpy()
    expected = {"published": maps.reshape(3, -1), "avg": maps.mean((1, 2)), "max": maps.max((1, 2))}[pooling]
    found = computed(file, FeatureMap(64, 3, 8, 6), "unit", pooling)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
def test_pixels_are_prepared_as_keras_prepares_them(saved, mode):
    import keras

    file, model = saved()
    prepare = keras.applications.imagenet_utils.preprocess_input
    maps = model(prepare(pictures(64).astype(np.float32), mode=mode)).numpy()
    np.testing.assert_allclose(
        computed(file, FeatureMap(64, 3, 8, 6), mode), maps.reshape(3, -1), rtol=1e-3, atol=1e-4
    )


def test_a_model_of_grey_images_gets_their_luminance(saved):
    file, model = saved((64, 64, 1))
    grey = pictures(64) @ np.array([0.2989, 0.587, 0.114], np.float32)
    maps = model(grey[..., None]).numpy()
    found = computed(file, feature_map(str(file), 0), "none")
    np.testing.assert_allclose(found, maps.reshape(3, -1), rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("pooling", ["published", "avg", "max"])
def test_a_vector_stays_what_it_is_whatever_the_pooling(saved, pooling):
    file, model = saved(top=lambda layers, map_: layers.GlobalAveragePooling2D()(map_))
    shapes = feature_map(str(file), 0)
    assert shapes == FeatureMap(64, 3, 1, 6)
    np.testing.assert_allclose(
        computed(file, shapes, "none", pooling), model(pictures(64).astype(np.float32)).numpy(), rtol=1e-4
    )


@pytest.mark.thorough
def test_an_architecture_takes_another_size_and_preprocessing(store):
    import keras

    weights = resolve("random", NAME, store)
    shapes = feature_map(NAME, 64)
    assert shapes == FeatureMap(64, 3, 2, 1280)
    mine = own_backbone("Mine", NAME, shapes, "torch")
    assert own_weights(weights.path, "Mine", NAME).sha256 == weights.sha256
    found = Network(NetworkSpec(mine, str(weights.path))).apply(pictures(64))
    model = build(mine)
    model.load_weights(weights.path)
    inputs = keras.applications.imagenet_utils.preprocess_input(pictures(64).astype(np.float32), mode="torch")
    np.testing.assert_allclose(found, model(inputs).numpy().reshape(3, -1), rtol=1e-3, atol=1e-3)


def test_an_architecture_of_its_own_size_needs_no_process_to_ask(monkeypatch):
    monkeypatch.setattr("sparkdl.own_networks.run_module", None)
    net = backbone("ResNet50")
    assert map_of_architecture("ResNet50") == FeatureMap(224, 3, 7, 2048)
    mine = own_backbone("Mine", "ResNet50", map_of_architecture("ResNet50", 224), None)
    assert mine.pooling("published") == "avg" and mine.feature_length("none") == net.feature_length("none")


def test_a_process_of_its_own_tells_the_shapes_of_a_model_once_for_each_state_of_the_file(saved, monkeypatch):
    file, _ = saved((None, None, 3))
    assert map_of_model(file, 96, "torch") == FeatureMap(96, 3, 12, 6)
    monkeypatch.setattr("sparkdl.own_networks.run_module", lambda *_: pytest.fail("asked again"))
    assert map_of_model(file, 96, "torch") == FeatureMap(96, 3, 12, 6)


@pytest.mark.parametrize(
    ("shape", "size", "preprocessing", "message"),
    [
        ((None, None, 3), None, "none", "takes images of any size: give the size to use"),
        ((64, 64, 3), 96, "none", "takes images of 64 x 64 pixels, not 96"),
        ((64, 32, 3), None, "none", r"takes inputs of the shape \(64, 32, 3\)"),
        ((64, 64, 2), None, "none", r"takes inputs of the shape \(64, 64, 2\)"),
        ((64, 64, 1), None, "torch", "takes grey images, and the preprocessing torch needs colours"),
    ],
)
def test_a_model_that_does_not_take_such_images_is_refused_without_tensorflow(
    saved, shape, size, preprocessing, message
):
    file, _ = saved(shape)
    with pytest.raises(ModelFileError, match=message):
        check_own_model(file, size, preprocessing)


def test_a_model_that_returns_neither_a_map_nor_a_vector_is_refused(saved):
    file, _ = saved(top=lambda layers, map_: layers.Reshape((64, 6))(map_))
    with pytest.raises(
        ModelFileError, match=r"returns \(64, 6\) for an image: give one that returns a square"
    ):
        feature_map(str(file), 0)


def test_an_architecture_that_cannot_take_a_size_says_so():
    with pytest.raises(SparkdlError, match=r"InceptionV3 cannot take images of 40 x 40 pixels: .*75x75"):
        feature_map("InceptionV3", 40)


def test_weights_that_are_no_finite_numbers_are_refused(saved):
    file, model = saved()
    model.layers[1].bias.assign([np.nan] * 4)
    model.save(file)
    with pytest.raises(WeightsError, match="holds weights of Mine that are not finite"):
        computed(file, FeatureMap(64, 3, 8, 6), "none")


def test_a_recorded_sha256_holds_for_a_model_too(saved):
    file, _ = saved()
    assert own_weights(file, "Mine", None).kind == "file"
    file.with_name("mine.keras.sha256").write_text("0" * 64)
    with pytest.raises(WeightsError, match=r"mine\.keras is not the file whose sha256 is in"):
        own_weights(file, "Mine", None)
