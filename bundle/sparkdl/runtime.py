"""TensorFlow and Keras as the networks need them, whatever the shell or Keras's settings file say.

A network is computed in float32 or bfloat16, with channels last, by TensorFlow. `keras.json` and
KERAS_BACKEND may say otherwise for other work: float16 makes features that are all NaN, and another backend
none. Nothing here changes the settings of a session that uses Keras for itself.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

from sparkdl.errors import SparkdlError, one_line
from sparkdl.memory import hide_packages, release_memory
from sparkdl.weights import keras_home

# Keras imports these if they are installed, for features that no network here uses: 120 MB, and a third of
# the time that TensorFlow takes to load.
_UNUSED_PACKAGES = ("matplotlib", "pandas", "scipy", "sklearn")
_BACKEND = "KERAS_BACKEND"


def tensorflow(threads: int | None = None) -> Any:
    """Import TensorFlow, quietly; `threads` counts only before its first operation in this process.

    Raises
    ------
    SparkdlError
        If Keras cannot be loaded, or has been loaded with another backend.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    loaded = "tensorflow" in sys.modules and "keras" in sys.modules
    if not loaded:
        _load()
    _check_backend()
    import tensorflow as tf

    if not loaded:
        grow_memory(tf.config)
    if threads is not None and tf.config.threading.get_intra_op_parallelism_threads() == 0:
        try:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(1)
        except RuntimeError:
            # TensorFlow has run in this process before; its number of threads cannot be changed any more.
            return tf
    return tf


def grow_memory(config: Any) -> None:
    """Have TensorFlow take a GPU's memory as it needs it: by default the first process takes all of it.

    Parameters
    ----------
    config : module
        `tensorflow.config`.
    """
    for gpu in config.list_physical_devices("GPU"):
        # Once it has run on a GPU in this process, it can no longer be changed.
        with suppress(RuntimeError):
            config.experimental.set_memory_growth(gpu, True)


@contextmanager
def network_settings(precision: str = "float32") -> Iterator[Any]:
    """Give the module `keras` with the settings of the networks; outside the block it has its own again.

    Parameters
    ----------
    precision : str
        Of the variables and the arithmetic of layers: one of `sparkdl.precision.PRECISIONS`.
    """
    tensorflow()
    # Not `tensorflow.keras`, which TF_USE_LEGACY_KERAS makes another package.
    import keras

    config = keras.config
    own = config.floatx(), config.image_data_format(), config.dtype_policy()
    _apply(config, "float32", "channels_last", precision)
    try:
        yield keras
    finally:
        _apply(config, *own)


def _apply(config: Any, floatx: str, data_format: str, policy: Any) -> None:
    config.set_floatx(floatx)
    config.set_image_data_format(data_format)
    config.set_dtype_policy(policy)


def _load() -> None:
    own = os.environ.get(_BACKEND)
    # Read once, when Keras is loaded.
    os.environ[_BACKEND] = "tensorflow"
    try:
        with hide_packages(_UNUSED_PACKAGES):
            import_module("tensorflow")
            import_module("keras")
    except (AssertionError, ImportError, ValueError) as error:
        raise SparkdlError(
            f"Keras cannot be loaded ({one_line(error) or type(error).__name__}): correct or remove "
            f"{keras_home() / 'keras.json'}, and unset variables that begin with KERAS_"
        ) from error
    finally:
        os.environ.pop(_BACKEND)
        if own is not None:
            os.environ[_BACKEND] = own
    release_memory()


def _check_backend() -> None:
    import keras

    backend = keras.config.backend()
    if backend != "tensorflow":
        raise SparkdlError(
            f"Keras was loaded with the backend {backend} in this process, and networks need tensorflow: set "
            f"{_BACKEND} to tensorflow before Keras is imported"
        )
