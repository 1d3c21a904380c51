"""A network without its top: built once per process and kept. The only module that loads TensorFlow."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sparkdl.backbones import Backbone, backbone
from sparkdl.errors import WeightsError, one_line
from sparkdl.inference import for_inference

# Keras loads these where they are there, for what no network here uses: 120 MB, and a third of the time.
_NOT_USED = ("matplotlib", "pandas", "scipy", "sklearn")
_MADV_DONTNEED = 4


@dataclass(frozen=True)
class Recipe:
    """All that makes one network differ from another.

    Attributes
    ----------
    backbone : str
        Name of the network.
    weights_file : str
        Keras weights, as HDF5.
    pooling : str
        One of `sparkdl.backbones.POOLINGS`.
    threads : int
        For one operation; Spark runs several processes at once, so tasks x threads should make the cores.
    """

    backbone: str
    weights_file: str
    pooling: str = "published"
    threads: int = 1


class Network:
    """A network ready to turn images into features."""

    def __init__(self, recipe: Recipe) -> None:
        tf = _tensorflow(recipe.threads)
        net = backbone(recipe.backbone)
        pooling = net.pooling(recipe.pooling)
        model = build(net, pooling=None if pooling == "none" else pooling)
        _load(model, net, recipe.weights_file)
        preprocess = _application(net).preprocess_input
        network = for_inference(model, tf.keras.layers)

        # One signature for any number of images, so that a smaller last batch is not traced anew.
        signature = [tf.TensorSpec((None, net.size, net.size, 3), tf.uint8)]

        @tf.function(input_signature=signature, autograph=False)  # type: ignore[untyped-decorator]
        def forward(images: Any) -> Any:
            features = network(preprocess(tf.cast(images, tf.float32)))
            return tf.reshape(features, (-1, net.feature_length(recipe.pooling)))

        forward.get_concrete_function()
        self._forward = forward
        _give_back()

    def features(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Turn RGB images (n, size, size, 3), 0 to 255, into features (n, feature length)."""
        features: npt.NDArray[np.float32] = self._forward(images).numpy()
        return features


_kept: tuple[Recipe, int, Network] | None = None


def kept_network(recipe: Recipe) -> Network:
    """Return the process's network; another recipe, or a changed weights file, takes its place.

    Each call asks the file system when the file was changed.

    Spark's workers collect garbage after each task, a quarter of a second through all that TensorFlow and a
    network are made of. As long as the network is kept, nothing of that is garbage: it is left out.
    """
    global _kept
    changed = Path(recipe.weights_file).stat().st_mtime_ns
    if _kept is None or _kept[:2] != (recipe, changed):
        if _kept is not None:
            _kept = None
            _tensorflow(recipe.threads).keras.backend.clear_session()
            gc.unfreeze()
            gc.collect()
        _kept = (recipe, changed, Network(recipe))
        gc.freeze()
    return _kept[2]


def build(net: Backbone, weights: str | None = None, pooling: str | None = None) -> Any:
    """Return the Keras model without its top; `imagenet` makes Keras download and check its file."""
    _tensorflow()
    shape = (net.size, net.size, 3)
    application = getattr(_application(net), net.name)
    return application(include_top=False, weights=weights, input_shape=shape, pooling=pooling)


def draw_weights(net: Backbone, seed: int) -> Any:
    """Return the model with random weights, equal for equal seeds.

    Kernels are normal with variance 2 / fan-in (He et al. 2015, arXiv:1502.01852): Keras's own default lets
    the signal fade to nothing over the 16 ReLU layers of VGG19. Normalisation layers change nothing.
    """
    # Keras numbers its layers through the life of a process, and writes the names into the file.
    _tensorflow().keras.backend.clear_session()
    model, random = build(net), np.random.default_rng(seed)
    for variable in model.variables:
        kind = variable.path.rsplit("/", 1)[-1]
        variable.assign(_initial(kind, tuple(variable.shape), random))
    return model


def _initial(kind: str, shape: tuple[int, ...], random: np.random.Generator) -> npt.NDArray[np.float32]:
    if kind in ("gamma", "moving_variance"):
        return np.ones(shape, np.float32)
    if kind in ("beta", "moving_mean", "bias"):
        return np.zeros(shape, np.float32)
    # A depthwise kernel (rows, columns, channels, multiplier) sees one channel only.
    fan_in = np.prod(shape[:2] if kind == "depthwise_kernel" else shape[:-1])
    return random.standard_normal(shape, np.float32) * np.float32(np.sqrt(2.0 / fan_in))


def _load(model: Any, net: Backbone, weights_file: str) -> None:
    try:
        model.load_weights(weights_file)
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise WeightsError(
            f"{weights_file} does not hold the weights of {net.name}: {one_line(error)}"
        ) from None


def _application(net: Backbone) -> Any:
    return getattr(_tensorflow().keras.applications, net.module)


def _tensorflow(threads: int | None = None) -> Any:
    """Import TensorFlow, quietly; `threads` counts only before its first operation in this process."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    if "tensorflow" not in sys.modules:
        with _hidden(_NOT_USED):
            import_module("tensorflow")
        _give_back()
    import tensorflow as tf

    if threads is not None and tf.config.threading.get_intra_op_parallelism_threads() == 0:
        try:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(1)
        except RuntimeError:
            # Whoever used TensorFlow before in this process has chosen; it cannot be changed any more.
            return tf
    return tf


@contextmanager
def _hidden(packages: Sequence[str]) -> Iterator[None]:
    """Have imports find no such packages meanwhile, but those that are loaded already."""
    hidden = [name for name in packages if name not in sys.modules]
    try:
        for name in hidden:
            sys.modules[name] = None  # type: ignore[assignment]
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def _give_back() -> None:
    """Return unused memory to Linux: free heap, and clean pages of libraries.

    A worker may have no more than 1 GB on serverless compute. Starting TensorFlow touches half of its
    libraries once; a page that is needed again is mapped again from its file.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)
    for start, end in _unmodified_library_pages():
        libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _MADV_DONTNEED)


def _unmodified_library_pages() -> Iterator[tuple[int, int]]:
    """Yield address ranges of mapped libraries that are read-only and were never modified."""
    try:
        lines = Path("/proc/self/smaps").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    place, is_library = "", False
    for line in lines:
        name, *values = line.split(maxsplit=5)
        if not name.endswith(":"):
            place, is_library = name, "w" not in values[0] and ".so" in values[-1]
        elif name == "Anonymous:" and values[0] == "0" and is_library:
            start, end = (int(address, 16) for address in place.split("-"))
            yield start, end
