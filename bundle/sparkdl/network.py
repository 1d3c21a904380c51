"""A network of keras.applications as a worker applies it, without its top or with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sparkdl.backbones import IMAGENET_CLASSES, Backbone, backbone
from sparkdl.errors import SparkdlError, WeightsError, one_line
from sparkdl.inference import for_inference
from sparkdl.memory import release_memory
from sparkdl.precision import FLOAT32
from sparkdl.runtime import network_settings, tensorflow


@dataclass(frozen=True)
class NetworkSpec:
    """Everything that distinguishes one network from another.

    Attributes
    ----------
    backbone : str
        Name of the network.
    weights_file : str
        Keras weights, as HDF5.
    pooling : str
        One of `sparkdl.backbones.POOLINGS`.
    threads : int
        Threads per operation. Spark runs several processes at once: tasks x threads should be the cores.
    precision : str
        One of `sparkdl.precision.PRECISIONS`. Features are float32 in either.
    top : bool
        Whether the network has its top, so that it computes probabilities of ImageNet's 1,000 classes and
        `pooling` means nothing; else features.
    """

    backbone: str
    weights_file: str
    pooling: str = "published"
    threads: int = 1
    precision: str = FLOAT32
    top: bool = False

    @property
    def file(self) -> str:
        """The weights file."""
        return self.weights_file

    @property
    def length(self) -> int:
        """Number of features, or of classes."""
        net = backbone(self.backbone)
        return IMAGENET_CLASSES if self.top else net.feature_length(self.pooling)

    def load(self) -> Network:
        """Build the network."""
        return Network(self)


class Network:
    """A network ready to turn images into features."""

    def __init__(self, spec: NetworkSpec) -> None:
        tf = tensorflow(spec.threads)
        net = backbone(spec.backbone)
        # One signature for any number of images, so that a smaller last batch is not traced again.
        signature = [tf.TensorSpec((None, net.size, net.size, 3), tf.uint8)]
        with network_settings() as keras:
            model = _build(spec, net, FLOAT32)
            _load(model, net, spec.weights_file)
            preprocess = getattr(keras.applications, net.module).preprocess_input
            twin = None if spec.precision == FLOAT32 else _build(spec, net, spec.precision)
            network = for_inference(model, keras.layers, twin)

            @tf.function(input_signature=signature, autograph=False)  # type: ignore[untyped-decorator]
            def forward(images: Any) -> Any:
                inputs = tf.cast(preprocess(tf.cast(images, tf.float32)), spec.precision)
                outputs = tf.cast(network(inputs), tf.float32)
                return tf.reshape(outputs, (-1, spec.length))

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
        expected = outputs.dtype == np.float32 and outputs.shape == (len(images), self._spec.length)
        if not expected or not np.isfinite(outputs).all():
            what = "probabilities" if self._spec.top else "features"
            raise SparkdlError(
                f"{self._spec.backbone} computes {what} that are not finite float32 numbers, "
                f"{self._spec.length} of an image: {self._spec.weights_file} is damaged, use other weights"
            )
        return outputs


def _build(spec: NetworkSpec, net: Backbone, precision: str) -> Any:
    pooling = net.pooling(spec.pooling)
    return build(net, pooling=None if pooling == "none" else pooling, precision=precision, top=spec.top)


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
        application = getattr(keras.applications, net.name)
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
    # Rectifiers turn what is no number into zero, so that the features would not show it.
    if not all(np.isfinite(variable.numpy()).all() for variable in model.weights):
        raise WeightsError(
            f"{weights_file} holds weights of {net.name} that are not finite: get the file again"
        )
