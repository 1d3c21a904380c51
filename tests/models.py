"""A small Keras model, as somebody may have trained it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


def save_model(
    file: Path, shape: tuple[int | None, ...], top: Callable[[Any, Any], Any] | None = None
) -> Any:
    """Save a model of three convolutions with random weights, and return it.

    Without a top it makes a map of an eighth of the size with 6 channels.
    """
    import keras

    keras.utils.set_random_seed(4)
    inputs = outputs = keras.Input(shape)
    for channels in (4, 5, 6):
        outputs = keras.layers.Conv2D(channels, 3, strides=2, padding="same", activation="relu")(outputs)
    model = keras.Model(inputs, outputs if top is None else top(keras.layers, outputs))
    model.save(file)
    return model
