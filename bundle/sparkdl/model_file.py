"""Look into the file of a whole Keras model, without TensorFlow, before anything is built from it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from sparkdl.errors import SparkdlError
from sparkdl.files import atomic_write
from sparkdl.model_output import Shape as Shape
from sparkdl.model_output import output_shape
from sparkdl.weights import keras_home

_SUFFIXES = (".keras", ".h5", ".hdf5")
# Layers and functions of these modules come with Keras; others would be code of the model's author.
_OWN = ("keras", "builtins")


class ModelFileError(SparkdlError):
    """Raised when a file holds no Keras model, or one that cannot be used."""


@dataclass(frozen=True)
class ModelFile:
    """A Keras model that holds no code.

    Attributes
    ----------
    path : Path
    input_shape : tuple of int or None
        Of one input; None is any number. The whole is None if the file does not say.
    output_shape : tuple of int or None
        Of its output for one input, as far as it can be known without building the model; else None.
    """

    path: Path
    input_shape: Shape | None
    output_shape: Shape | None = None


def check_model_file(name: str, given_as: str = "modelFile") -> ModelFile:
    """Read the architecture of a model in a `.keras` file, or a `.h5` file of a whole model.

    Parameters
    ----------
    given_as : str
        What messages call it.

    Raises
    ------
    ModelFileError
        If there is no such file, it holds no model, weights alone, more than one input, or code: a Lambda
        layer, or a layer or function that is not part of Keras.
    """
    # Workers have another working directory.
    path = Path(name).absolute()
    if path.suffix not in _SUFFIXES or path.is_dir():
        raise ModelFileError(
            f"{given_as} {name} is not a Keras model: give a .keras or .h5 file, as model.save(...) writes it"
        )
    if not path.is_file():
        raise ModelFileError(f"{given_as}: there is no file {name}: correct the path")
    try:
        model = _keras_config(path) if path.suffix == ".keras" else _hdf5_config(path)
    except PermissionError:
        raise ModelFileError(f"{given_as} {name} cannot be read: its permissions do not allow it") from None
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        raise ModelFileError(
            f"{given_as} {name} is not a Keras model: it is not a {path.suffix} file as Keras writes "
            f'it; save the model again with model.save("{path.stem}.keras")'
        ) from None
    if model is None:
        raise ModelFileError(
            f"{given_as} {name} holds weights without a model: write it with model.save(...)"
        )
    if not isinstance(model, dict):
        raise ModelFileError(f"{given_as} {name} is not a Keras model: its architecture is not a JSON object")
    for found in _code(model):
        raise ModelFileError(
            f"{given_as} {name} needs code that is not part of Keras ({found}), which is not run: build the "
            "model from Keras's own layers and save it again"
        )
    shapes = list(_input_shapes(model))
    if len(shapes) > 1:
        raise ModelFileError(f"{given_as} {name} takes {len(shapes)} inputs: give a model with one")
    return ModelFile(path, shapes[0] if shapes else None, output_shape(model))


def shown_shape(shape: Shape) -> str:
    """Return a shape as Python writes it, with `any` for what may be any number."""
    inner = ", ".join("any" if n is None else str(n) for n in shape)
    return f"({inner},)" if len(shape) == 1 else f"({inner})"


def store_model(content: bytes) -> Path:
    """Store a .keras file in Keras's folder under a name made from its content, and return its path.

    A model in use is never replaced by another one.
    """
    folder = keras_home() / "sparkdl"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"model-{sha256(content).hexdigest()[:16]}.keras"
    atomic_write(file, lambda target: target.write_bytes(content))
    return file


def _keras_config(path: Path) -> Any:
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("config.json"))


def _hdf5_config(path: Path) -> Any:
    import h5py

    with h5py.File(path, "r") as file:
        config = file.attrs.get("model_config")
    return None if config is None else json.loads(config)


def _code(config: Any) -> Iterator[str]:
    """Yield what is not part of Keras, as the architecture names it."""
    if isinstance(config, list):
        for item in config:
            yield from _code(item)
    if not isinstance(config, dict):
        return
    kind, module = str(config.get("class_name", "")), str(config.get("module") or _OWN[0])
    # Layers and functions that were registered have names of two parts.
    registered = f"{config.get('registered_name') or ''} {kind}"
    if kind in ("Lambda", "__lambda__"):
        yield "a Lambda layer"
    elif kind == "function":
        yield f"the function {config.get('config')}"
    elif ">" in registered or module.split(".")[0] not in _OWN:
        yield f"the class {kind}"
    for key, value in config.items():
        # How it was trained does not matter here, and is not read from the file.
        if key != "compile_config":
            yield from _code(value)


def _input_shapes(model: Any) -> Iterator[Shape]:
    config = model.get("config", {})
    layers = config.get("layers", []) if isinstance(config, dict) else config
    if model.get("class_name") == "Sequential":
        # Its input may be a layer, or a shape of the first layer.
        layers = layers[:1]
    for layer in layers:
        own = layer.get("config", {})
        shape = own.get("batch_shape") or own.get("batch_input_shape")
        if shape and (layer.get("class_name") == "InputLayer" or model.get("class_name") == "Sequential"):
            yield tuple(shape[1:])
