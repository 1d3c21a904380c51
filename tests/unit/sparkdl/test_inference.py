import keras
import numpy as np
import pytest
import tensorflow as tf
from sparkdl.backbones import backbone
from sparkdl.inference import for_inference
from sparkdl.network import build

from tests.networks import networks

SIZE = 12


@pytest.fixture
def random():
    return np.random.default_rng(3)


@pytest.fixture
def model(random):
    """Build a Keras model of `layers`, with normalisation that changes every channel."""

    def make(layers):
        image = keras.Input((SIZE, SIZE, 3))
        built = keras.Model(image, layers(image))
        set_variables(built, random)
        return built

    return make


def set_variables(built, random):
    for variable in built.variables:
        spread = random.uniform(0.5, 2.0, variable.shape)
        small = variable.path.endswith(("kernel", "bias", "beta", "moving_mean"))
        variable.assign((spread - 1) * 0.3 if small else spread)


def normalisations(function, size=SIZE):
    """Count batch normalisations by the one operation that nothing else in these networks has."""
    traced = tf.function(function).get_concrete_function(tf.TensorSpec((None, size, size, 3)))
    return sum(operation.type == "Rsqrt" for operation in traced.graph.get_operations())


def check_same(built, batch):
    expected = built(batch, training=False).numpy()
    found = for_inference(built, keras.layers)
    np.testing.assert_allclose(found(batch).numpy(), expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())
    return found


@pytest.mark.parametrize("kind", [keras.layers.Conv2D, keras.layers.SeparableConv2D])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("scale", [True, False])
def test_a_normalisation_is_folded_into_the_convolution_before_it(model, random, kind, bias, scale):
    built = model(
        lambda image: keras.layers.ReLU()(
            keras.layers.BatchNormalization(scale=scale)(kind(5, 3, use_bias=bias)(image))
        )
    )
    assert normalisations(lambda batch: built(batch, training=False)) == 1
    found = check_same(built, random.random((2, SIZE, SIZE, 3), np.float32))
    assert normalisations(found) == 0


def test_a_normalisation_after_anything_else_stays(model, random):
    def layers(image):
        shared = keras.layers.Conv2D(3, 1)(image)
        curved = keras.layers.BatchNormalization()(keras.layers.Conv2D(3, 1, activation="relu")(image))
        first = keras.layers.BatchNormalization()(image)
        return keras.layers.Add()([shared, keras.layers.BatchNormalization()(shared), curved, first])

    found = check_same(model(layers), random.random((2, SIZE, SIZE, 3), np.float32))
    assert normalisations(found) == 3


def test_a_model_with_operations_that_are_not_layers_is_called_as_a_whole(model, random):
    def layers(image):
        return keras.layers.BatchNormalization()(keras.layers.Conv2D(3, 1)(image) * 2.0 + 1.0)

    found = check_same(model(layers), random.random((2, SIZE, SIZE, 3), np.float32))
    assert normalisations(found) == 1


@pytest.fixture
def changed_network(random):
    """Build a network of keras.applications, with normalisation that changes every channel a little."""

    def make(net):
        built = build(net)
        for variable in built.variables:
            kind = variable.path.rsplit("/", 1)[-1]
            if kind in ("gamma", "beta", "moving_mean", "moving_variance"):
                variable.assign(variable + random.uniform(0, 0.2, variable.shape))
        return built

    return make


@pytest.mark.parametrize("name", networks("Xception", "MobileNetV2"))
def test_every_backbone_computes_what_plain_keras_computes(changed_network, random, name):
    net = backbone(name)
    built = changed_network(net)
    batch = tf.constant(random.uniform(-1, 1, (1, net.size, net.size, 3)), tf.float32)
    expected = built(batch, training=False).numpy()
    found = for_inference(built, keras.layers)(batch).numpy()
    assert np.abs(found - expected).max() < 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize("name", ["InceptionV3", "ResNet50", "Xception"])
def test_networks_that_normalise_after_each_convolution_have_no_normalisation_left(changed_network, name):
    net = backbone(name)
    built = changed_network(net)
    assert normalisations(lambda batch: built(batch, training=False), net.size) >= 40
    assert normalisations(for_inference(built, keras.layers), net.size) == 0
