import gc
import json
import os
import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest
from sparkdl import SparkdlError, WeightsError
from sparkdl.backbones import backbone
from sparkdl.network import Network, NetworkSpec, draw_weights
from sparkdl.weights import resolve
from sparkdl.worker import cached_model


@pytest.fixture(scope="module")
def spec(store):
    weights = resolve("random", "VGG16", store)

    def make(pooling):
        return NetworkSpec(backbone("VGG16"), str(weights.path), pooling)

    return make


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (3, 224, 224, 3), dtype=np.uint8)


def test_avg_and_max_pooling_are_the_mean_and_the_maximum_of_the_flat_map(spec, images):
    flat = Network(spec("none")).apply(images).reshape(3, 49, 512)
    for pooling, reduced in (("avg", flat.mean(axis=1)), ("max", flat.max(axis=1))):
        pooled = Network(spec(pooling)).apply(images)
        np.testing.assert_allclose(pooled, reduced, rtol=1e-4, atol=1e-5 * np.abs(reduced).max())


def test_features_do_not_depend_on_the_batch(spec, images):
    network = cached_model(spec("avg"))
    together, alone = network.apply(images), network.apply(images[1:2])
    assert together.shape == (3, 512) and together.dtype == np.float32
    np.testing.assert_allclose(alone[0], together[1], rtol=1e-4, atol=1e-5 * np.abs(alone).max())


def test_a_network_is_cached_until_another_spec_replaces_it(spec):
    cached = cached_model(spec("avg"))
    assert cached_model(spec("avg")) is cached
    assert cached_model(spec("max")) is not cached


def test_garbage_collection_skips_the_cached_network_and_frees_the_ones_before_it(spec):
    def frozen():
        for pooling in ("max", "avg"):
            cached_model(spec(pooling))
        return gc.get_freeze_count()

    first = frozen()
    assert not any(isinstance(found, Network) for found in gc.get_objects())
    # A network consists of some 3,000 objects; the rest of this process hardly changes.
    assert frozen() - first < 1000


def test_random_kernels_have_variance_2_over_fan_in_and_normalisation_is_the_identity(monkeypatch):
    import keras

    layers = [
        keras.Input((8, 8, 64)),
        keras.layers.Conv2D(128, 3, use_bias=True),
        keras.layers.BatchNormalization(),
        keras.layers.DepthwiseConv2D(3, depth_multiplier=32, use_bias=False),
    ]
    monkeypatch.setattr("sparkdl.network.build", lambda net, top: keras.Sequential(layers))
    kernel, bias, *normalisation, depthwise = draw_weights(backbone("VGG16"), seed=1).get_weights()
    assert kernel.var() == pytest.approx(2 / (3 * 3 * 64), rel=0.02)
    assert depthwise.var() == pytest.approx(2 / (3 * 3), rel=0.02)
    assert (bias == 0).all() and [set(array) for array in normalisation] == [{1}, {0}, {0}, {1}]


@pytest.mark.parametrize("floatx", ["float16", "float64"])
def test_features_are_those_of_float32_whatever_a_session_has_chosen_for_itself(spec, images, floatx):
    import keras

    expected, config = Network(spec("avg")).apply(images[:1]), keras.config
    chosen = floatx, "channels_first", config.dtype_policy()
    before = config.floatx(), config.image_data_format()
    try:
        config.set_floatx(floatx)
        config.set_image_data_format("channels_first")
        config.set_dtype_policy(floatx)
        found = Network(spec("avg")).apply(images[:1])
        after = config.floatx(), config.image_data_format(), config.dtype_policy().name
    finally:
        config.set_floatx(before[0])
        config.set_image_data_format(before[1])
        config.set_dtype_policy(chosen[2])
    assert found.dtype == np.float32 and np.array_equal(found, expected)
    assert after == (floatx, "channels_first", floatx)


@pytest.fixture
def overwritten(spec, tmp_path):
    """A file of VGG16's weights with one value in all places."""

    def write(value):
        file = tmp_path / "vgg16.weights.h5"
        shutil.copyfile(spec("avg").weights_file, file)
        with h5py.File(file, "r+") as content:
            arrays = []
            content.visititems(
                lambda _, item: arrays.append(item) if isinstance(item, h5py.Dataset) else None
            )
            for array in arrays:
                array[...] = value
        return NetworkSpec(backbone("VGG16"), str(file), "avg")

    return write


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_finite_numbers_are_refused(overwritten, value):
    with pytest.raises(WeightsError, match=r"vgg16\.weights\.h5 holds weights of VGG16 that are not finite"):
        Network(overwritten(value))


def test_features_that_are_no_finite_numbers_are_an_error_that_names_the_weights(overwritten, images):
    network = Network(overwritten(3e38))
    with pytest.raises(
        SparkdlError, match=r"VGG16 computes features that are not finite .*vgg16\.weights\.h5"
    ):
        network.apply(images[:1])


IN_A_WORKER = """
import json, sys
import numpy as np
from sparkdl.backbones import backbone
from sparkdl.network import Network, NetworkSpec

images = np.random.default_rng(0).integers(0, 256, (4, 224, 224, 3), dtype=np.uint8)
network = Network(NetworkSpec(backbone("VGG16"), sys.argv[1], "avg"))
features = network.apply(images)[0].tolist()
loaded = [name for name in ("matplotlib", "pandas", "scipy", "sklearn") if name in sys.modules]
import sklearn, matplotlib

status = open("/proc/self/status").read().splitlines()
[peak] = [int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM:")]
print(json.dumps({"features": features, "loaded": loaded, "peak": peak}))
"""


@pytest.fixture
def of_another_shell(tmp_path):
    """What a shell may hold that uses Keras for other work."""
    chosen = {"backend": "jax", "floatx": "float16", "image_data_format": "channels_first", "epsilon": 0.1}
    (tmp_path / "keras.json").write_text(json.dumps(chosen))
    return {"KERAS_HOME": str(tmp_path), "KERAS_BACKEND": "torch", "TF_USE_LEGACY_KERAS": "1"}


@pytest.mark.skipif(sys.platform != "linux", reason="reads a process's peak memory from Linux's /proc")
def test_a_worker_has_room_for_images_beside_its_network_whatever_the_shell_says(spec, of_another_shell):
    command = [sys.executable, "-c", IN_A_WORKER, spec("avg").weights_file]
    found = json.loads(subprocess.check_output(command, text=True, env=os.environ | of_another_shell))
    images = np.random.default_rng(0).integers(0, 256, (4, 224, 224, 3), dtype=np.uint8)
    expected = Network(spec("avg")).apply(images)[0]
    np.testing.assert_allclose(found["features"], expected, rtol=1e-4, atol=1e-5 * expected.max())
    assert found["loaded"] == []
    # It was 0.9 GB, of the 1 GB that there is on serverless compute.
    assert found["peak"] < 800
