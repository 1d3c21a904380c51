"""A Keras model of one's own, as a worker applies it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sparkdl.errors import SparkdlError, one_line
from sparkdl.memory import release_memory
from sparkdl.model_file import ModelFileError, Shape, shown_shape
from sparkdl.runtime import network_settings, tensorflow

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class KerasModelSpec:
    """Everything that distinguishes one model from another.

    Attributes
    ----------
    model_file : str
        As `sparkdl.model_file.check_model_file` takes it.
    threads : int
        Threads per operation.
    """

    model_file: str
    threads: int = 1

    @property
    def file(self) -> str:
        """The model file."""
        return self.model_file

    def load(self) -> KerasModel:
        """Build the model."""
        return KerasModel(self)


class KerasModel:
    """A model with one input and one output."""

    def __init__(self, spec: KerasModelSpec) -> None:
        tf = tensorflow(spec.threads)
        with network_settings() as keras:
            model = load_model(keras, spec.model_file)
            shape = tuple(model.input_shape[1:])
            # One signature for any number of inputs, so that a smaller last batch is not traced again.
            signature = [tf.TensorSpec((None, *shape), tf.float32)]

            @tf.function(input_signature=signature, autograph=False)  # type: ignore[untyped-decorator]
            def forward(batch: Any) -> Any:
                return tf.cast(model(batch, training=False), tf.float32)

            forward.get_concrete_function()
        self.input_shape: tuple[int | None, ...] = shape
        self._forward = forward
        release_memory()

    def apply(self, batch: npt.NDArray[Any]) -> Array:
        """Turn inputs (n, ...) into outputs (n, ...) of float32."""
        outputs: Array = self._forward(np.asarray(batch, np.float32)).numpy()
        return outputs


def as_input(array: Any, shape: Shape | None, says: Callable[[str], str]) -> Array:
    """Return one input of a model as float32, without a first axis of 1.

    Parameters
    ----------
    array : array_like
    shape : tuple of int or None
        Of one input; None in it is any number, and None for the whole any shape.
    says : callable
        Returns the beginning of the message from what was found, e.g. "imageLoader returned None for a.png".

    Raises
    ------
    SparkdlError
        If it is not an array of numbers, or has another shape.
    """
    wanted = "an array of numbers" if shape is None else f"an array of the shape {shown_shape(shape)}"
    try:
        values = None if array is None else np.asarray(array, np.float32)
    except (ValueError, TypeError):
        values = None
    if values is None:
        raise SparkdlError(f"{says(_named(array))}, and the model takes {wanted}")
    if shape is None:
        return values
    one = values[0] if values.ndim == len(shape) + 1 and len(values) == 1 else values
    if one.ndim != len(shape) or any(n not in (None, m) for n, m in zip(shape, one.shape, strict=True)):
        found = says(f"an array of the shape {shown_shape(values.shape)}")
        raise SparkdlError(f"{found}, and the model takes {wanted}")
    return one


def _named(value: Any) -> str:
    """Name what is not an array of numbers."""
    if value is None:
        return "None"
    return f"the text {value!r:.40}" if isinstance(value, str) else f"a {type(value).__name__}"


def load_model(keras: Any, file: str) -> Any:
    """Build the model of a file, without running code from it; raise ModelFileError if that cannot be."""
    try:
        # Safe mode refuses code in the file, as `check_model_file` did where the name was set.
        model = keras.models.load_model(file, compile=False, safe_mode=True)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelFileError(f"the model {file} cannot be built: {one_line(error)}") from None
    if not isinstance(model.input_shape, tuple) or not isinstance(model.output_shape, tuple):
        raise ModelFileError(f"the model {file} must have one input and one output")
    return model
