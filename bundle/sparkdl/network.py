"""A network without its top, built once per process and cached. The only module that loads TensorFlow."""

from __future__ import annotations

import gc
import os
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sparkdl.backbones import Backbone, backbone
from sparkdl.errors import WeightsError, one_line
from sparkdl.inference import for_inference
from sparkdl.memory import hide_packages, release_memory

# Keras imports these if they are installed, for features that no network here uses: 120 MB, and a third of
# the time that TensorFlow takes to load.
_UNUSED_PACKAGES = ("matplotlib", "pandas", "scipy", "sklearn")


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
    """

    backbone: str
    weights_file: str
    pooling: str = "published"
    threads: int = 1


class Network:
    """A network ready to turn images into features."""

    def __init__(self, spec: NetworkSpec) -> None:
        tf = _tensorflow(spec.threads)
        net = backbone(spec.backbone)
        pooling = net.pooling(spec.pooling)
        model = build(net, pooling=None if pooling == "none" else pooling)
        _load(model, net, spec.weights_file)
        preprocess = getattr(tf.keras.applications, net.module).preprocess_input
        network = for_inference(model, tf.keras.layers)

        # One signature for any number of images, so that a smaller last batch is not traced again.
        signature = [tf.TensorSpec((None, net.size, net.size, 3), tf.uint8)]

        @tf.function(input_signature=signature, autograph=False)  # type: ignore[untyped-decorator]
        def forward(images: Any) -> Any:
            features = network(preprocess(tf.cast(images, tf.float32)))
            return tf.reshape(features, (-1, net.feature_length(spec.pooling)))

        forward.get_concrete_function()
        self._forward = forward
        release_memory()

    def features(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Turn RGB images (n, size, size, 3), 0 to 255, into features (n, feature length)."""
        features: npt.NDArray[np.float32] = self._forward(images).numpy()
        return features


_cached: tuple[NetworkSpec, int, Network] | None = None


def cached_network(spec: NetworkSpec) -> Network:
    """Return the process's network, which another spec or a changed weights file replaces.

    Each call reads the file's modification time.

    Spark's workers collect garbage after each task, which takes a quarter of a second over all the objects of
    TensorFlow and a network. None of them is garbage while the network is cached, so they are frozen: the
    collector skips them.
    """
    global _cached
    modified = Path(spec.weights_file).stat().st_mtime_ns
    if _cached is None or _cached[:2] != (spec, modified):
        if _cached is not None:
            _cached = None
            _tensorflow(spec.threads).keras.backend.clear_session()
            gc.unfreeze()
            gc.collect()
        _cached = (spec, modified, Network(spec))
        gc.freeze()
    return _cached[2]


def build(net: Backbone, weights: str | None = None, pooling: str | None = None) -> Any:
    """Return the Keras model without its top; `imagenet` makes Keras download and check its file."""
    shape = (net.size, net.size, 3)
    application = getattr(_tensorflow().keras.applications, net.name)
    return application(include_top=False, weights=weights, input_shape=shape, pooling=pooling)


def draw_weights(net: Backbone, seed: int) -> Any:
    """Return the model with random weights, equal for equal seeds.

    Kernels are normal with variance 2 / fan-in (He et al. 2015, arXiv:1502.01852): with Keras's own default
    the signal vanishes over the 16 ReLU layers of VGG19. Normalisation layers are set to the identity.
    """
    tf = _tensorflow()
    # Keras numbers layers over the life of a process and writes their names into the file: start at 1 again.
    tf.keras.backend.clear_session()
    model, random = build(net), np.random.default_rng(seed)
    depthwise = {
        id(layer.kernel) for layer in model.layers if isinstance(layer, tf.keras.layers.DepthwiseConv2D)
    }
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


def _tensorflow(threads: int | None = None) -> Any:
    """Import TensorFlow, quietly; `threads` counts only before its first operation in this process."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    if "tensorflow" not in sys.modules:
        with hide_packages(_UNUSED_PACKAGES):
            import_module("tensorflow")
        release_memory()
    import tensorflow as tf

    if threads is not None and tf.config.threading.get_intra_op_parallelism_threads() == 0:
        try:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(1)
        except RuntimeError:
            # TensorFlow has run in this process before; its number of threads cannot be changed any more.
            return tf
    return tf
