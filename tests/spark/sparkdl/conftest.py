"""Models of one's own, pictures in files, and Keras's folder, which driver and workers share."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

SIZE = 8


@pytest.fixture(autouse=True)
def keras_home(store, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(store.parent))


@pytest.fixture(scope="session")
def picture_model():
    """A model of pictures with four outputs, different for each seed."""

    def make(seed=1):
        keras.utils.set_random_seed(seed)
        layers = [
            keras.layers.Conv2D(4, 3),
            keras.layers.Flatten(),
            keras.layers.Dense(4, activation="softmax"),
        ]
        return keras.Sequential([keras.Input((SIZE, SIZE, 3)), keras.layers.Rescaling(1 / 255), *layers])

    return make


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """Paths of six pictures, and their pixels."""
    folder = tmp_path_factory.mktemp("pictures with a blank")
    pixels = np.random.default_rng(2).integers(0, 256, (6, SIZE, SIZE, 3), dtype=np.uint8)
    for place, one in enumerate(pixels):
        Image.fromarray(one).save(folder / f"{place}.png")
    return [str(folder / f"{place}.png") for place in range(len(pixels))], pixels


@pytest.fixture(scope="session")
def saved(tmp_path_factory):
    """Save a model; return the path."""

    def save(model, suffix=".keras"):
        file = Path(tmp_path_factory.mktemp("model")) / f"model{suffix}"
        model.save(file)
        return str(file)

    return save


@pytest.fixture(scope="session")
def load():
    """A function that loads a picture, as users write it in a notebook: workers get its code."""
    from PIL import Image

    return lambda uri: np.asarray(Image.open(uri).convert("RGB"))


@pytest.fixture
def names_of_classes():
    """Write Keras's file of class names into its folder, as if it had been downloaded."""

    def write(keras_home):
        file = keras_home / "models" / "imagenet_class_index.json"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps({str(place): [f"n{place:08}", f"class {place}"] for place in range(1000)}))
        return file

    return write
