"""A network as a worker applies it: one of keras.applications, without its top or with it, or one's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sparkdl.backbones import IMAGENET_CLASSES, Backbone
from sparkdl.errors import SparkdlError, WeightsError, one_line
from sparkdl.feature_network import FeatureNetwork, OwnModel
from sparkdl.inference import for_inference
from sparkdl.keras_model import load_model
from sparkdl.memory import release_memory
from sparkdl.precision import FLOAT32
from sparkdl.projection import project, projected_length
from sparkdl.runtime import network_settings, tensorflow


@dataclass(frozen=True)
class NetworkSpec:
    """Everything that distinguishes one network from another.

    Attributes
    ----------
    network : FeatureNetwork
    weights_file : str
        Keras weights, as HDF5; of an `OwnModel` the model itself.
    pooling : str
        One of `sparkdl.feature_network.POOLINGS`.
    threads : int
        Threads per operation. Spark runs several processes at once: tasks x threads should be the cores.
    precision : str
        One of `sparkdl.precision.PRECISIONS`. Features are float32 in either.
    top : bool
        Whether the network has its top, so that it computes probabilities of ImageNet's 1,000 classes, and
        `pooling` and `dimensionality` mean nothing; else features.
    dimensionality : int or None
        To how many features they are projected after pooling, as of `sparkdl.projection`; None for not.
    """

    network: FeatureNetwork
    weights_file: str
    pooling: str = "published"
    threads: int = 1
    precision: str = FLOAT32
    top: bool = False
    dimensionality: int | None = None

    @property
    def file(self) -> str:
        """The weights file."""
        return self.weights_file

    @property
    def length(self) -> int:
        """Number of features, or of classes."""
        return self.width if self.top else projected_length(self.width, self.dimensionality)

    @property
    def width(self) -> int:
        """Number of features before they are projected, or of classes."""
        return IMAGENET_CLASSES if self.top else self.network.feature_length(self.pooling)

    def load(self) -> Network:
        """Build the network."""
        return Network(self)


class Network:
    """A network ready to turn images into features."""

    def __init__(self, spec: NetworkSpec) -> None:
        tf = tensorflow(spec.threads)
        net = spec.network
        # One signature for any number of images, so that a smaller last batch is not traced again.
        signature = [tf.TensorSpec((None, net.size, net.size, 3), tf.uint8)]
        with network_settings() as keras:
            network = _of_file(spec, keras) if isinstance(net, OwnModel) else _of_application(spec, keras)
            preprocess = _preprocessing(net, keras)

            @tf.function(input_signature=signature, autograph=False)  # type: ignore[untyped-decorator]
            def forward(images: Any) -> Any:
                pixels = tf.cast(images, tf.float32)
                if isinstance(net, OwnModel) and net.inputs == 1:
                    pixels = tf.image.rgb_to_grayscale(pixels)
                inputs = tf.cast(preprocess(pixels), spec.precision)
                outputs = tf.cast(network(inputs), tf.float32)
                return tf.reshape(outputs, (-1, spec.width))

            forward.get_concrete_function()
        self._forward = forward
        self._spec = spec
        release_memory()

    def apply(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Turn RGB images (n, size, size, 3), 0 to 255, into finite features or probabilities (n, length).

        Raises
        ------
        SparkdlError
            If one is no finite number, as weights that are too large make it.
        """
        outputs: npt.NDArray[np.float32] = self._forward(images).numpy()
        if not self._spec.top:
            outputs = project(outputs, self._spec.dimensionality)
        expected = outputs.dtype == np.float32 and outputs.shape == (len(images), self._spec.length)
        if not expected or not np.isfinite(outputs).all():
            what = "probabilities" if self._spec.top else "features"
            raise SparkdlError(
                f"{self._spec.network.name} computes {what} that are not finite float32 numbers, "
                f"{self._spec.length} of an image: {self._spec.weights_file} is damaged, use other weights"
            )
        return outputs


def _of_application(spec: NetworkSpec, keras: Any) -> Callable[[Any], Any]:
    net = spec.network
    assert isinstance(net, Backbone)  # noqa: S101 - there are no others
    pooling = net.pooling(spec.pooling)

    def built(precision: str) -> Any:
        return build(net, None, None if pooling == "none" else pooling, precision, spec.top)

    model = built(FLOAT32)
    _load(model, net, spec.weights_file)
    return for_inference(model, keras.layers, None if spec.precision == FLOAT32 else built(spec.precision))


def _of_file(spec: NetworkSpec, keras: Any) -> Callable[[Any], Any]:
    model, pooling = load_model(keras, spec.weights_file), spec.network.pooling(spec.pooling)
    _check_finite(model, spec.network, spec.weights_file)
    pools = {"avg": keras.ops.mean, "max": keras.ops.max}

    def compute(inputs: Any) -> Any:
        outputs = model(inputs, training=False)
        # A vector is a map of one cell.
        return outputs if pooling == "none" or outputs.ndim == 2 else pools[pooling](outputs, axis=(1, 2))

    return compute


def _preprocessing(net: FeatureNetwork, keras: Any) -> Callable[[Any], Any]:
    """Return what turns pixels of 0 to 255, float32, into what the network takes."""
    if isinstance(net, Backbone) and net.preprocessing is None:
        of_module: Callable[[Any], Any] = getattr(keras.applications, net.module).preprocess_input
        return of_module
    mode = getattr(net, "preprocessing", "none")
    if mode in ("none", "unit"):
        return lambda pixels: pixels / 255 if mode == "unit" else pixels
    return lambda pixels: keras.applications.imagenet_utils.preprocess_input(pixels, mode=mode)


def build(
    net: Backbone,
    weights: str | None = None,
    pooling: str | None = None,
    precision: str = FLOAT32,
    top: bool = False,
) -> Any:
    """Return the Keras model; the weights `imagenet` make Keras download and check its file."""
    shape = (net.size, net.size, 3)
    with network_settings(precision) as keras:
        application = getattr(keras.applications, net.architecture)
        return application(include_top=top, weights=weights, input_shape=shape, pooling=pooling)


def draw_weights(net: Backbone, seed: int, top: bool = False) -> Any:
    """Return the model with random weights, equal for equal seeds.

    Kernels are normal with variance 2 / fan-in (He et al. 2015, arXiv:1502.01852): with Keras's own default
    the signal vanishes over the 16 ReLU layers of VGG19. Normalisation layers are set to the identity.
    """
    with network_settings() as keras:
        # Keras numbers layers over the life of a process and writes their names into the file: start at 1.
        keras.utils.clear_session()
        model, random = build(net, top=top), np.random.default_rng(seed)
    kinds = keras.layers.DepthwiseConv2D
    depthwise = {id(layer.kernel) for layer in model.layers if isinstance(layer, kinds)}
    for variable in model.weights:
        kind, shape = variable.path.rsplit("/", 1)[-1], tuple(variable.shape)
        if kind.endswith("kernel"):
            per_channel = kind == "depthwise_kernel" or id(variable) in depthwise
            variable.assign(_draw_kernel(shape, per_channel, random))
        elif kind in ("gamma", "moving_variance"):
            variable.assign(np.ones(shape, np.float32))
        elif kind in ("beta", "moving_mean", "bias"):
            variable.assign(np.zeros(shape, np.float32))
    return model


def _draw_kernel(
    shape: tuple[int, ...], per_channel: bool, random: np.random.Generator
) -> npt.NDArray[np.float32]:
    # A depthwise kernel (rows, columns, channels, multiplier) sees one channel only.
    fan_in = np.prod(shape[:2] if per_channel else shape[:-1])
    return random.standard_normal(shape, np.float32) * np.float32(np.sqrt(2.0 / fan_in))


def _load(model: Any, net: Backbone, weights_file: str) -> None:
    try:
        model.load_weights(weights_file)
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise WeightsError(
            f"{weights_file} does not hold the weights of {net.name}: {one_line(error)}"
        ) from None
    _check_finite(model, net, weights_file)


def _check_finite(model: Any, net: FeatureNetwork, weights_file: str) -> None:
    # Rectifiers turn what is no number into zero, so that the features would not show it.
    if not all(np.isfinite(variable.numpy()).all() for variable in model.weights):
        raise WeightsError(
            f"{weights_file} holds weights of {net.name} that are not finite: get the file again"
        )
