"""Params that several Transformers share, and checks of what they are set to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from difflib import get_close_matches
from typing import Any

import numpy.typing as npt
from pyspark.ml.param import Param, Params, TypeConverters

from sparkdl.errors import SparkdlError
from sparkdl.model_file import check_model_file

# From a URI to the input of a model, without or with a first axis of 1.
ImageLoader = Callable[[str], npt.NDArray[Any]]


def one_of(names: Sequence[str]) -> Callable[[Any], str]:
    """Return a converter that takes one of some names."""

    def convert(value: Any) -> str:
        if value in names:
            return str(value)
        close = get_close_matches(str(value), names, n=1)
        hint = f", did you mean {close[0]}?" if close else ""
        raise TypeError(f"{value!r} is not one of {', '.join(names)}{hint}")

    return convert


def whole(name: str, least: int, most: int = 2**31 - 1) -> Callable[[Any], int]:
    """Return a converter that takes whole numbers from `least` to `most`."""

    def convert(value: Any) -> int:
        with suppress(TypeError):
            number = TypeConverters.toInt(value)
            if least <= number <= most:
                return number
        raise TypeError(f"{name} must be a whole number from {least} to {most}, not {value!r}")

    return convert


def check_set(stage: Params, *params: Param[Any]) -> None:
    """Refuse a stage some of whose Params have no value.

    Raises
    ------
    SparkdlError
        That names the first of them.
    """
    for param in params:
        if not stage.isDefined(param):
            raise SparkdlError(f"{type(stage).__name__}: {param.name} is not set; pass it to the constructor")


def _loader(value: Any) -> ImageLoader:
    if not callable(value):
        raise TypeError(f"imageLoader must be a function from a URI to an array, not {value!r}")
    loader: ImageLoader = value
    return loader


def _model_file(value: Any) -> str:
    return str(check_model_file(TypeConverters.toString(value)).path)


class HasModelFile(Params):
    """A Keras model in a file."""

    modelFile: Param[str] = Param(
        Params._dummy(), "modelFile", "a whole Keras model: a .keras or .h5 file", _model_file
    )

    def setModelFile(self, value: str) -> Any:
        """Set `modelFile`."""
        return self._set(modelFile=value)

    def getModelFile(self) -> str:
        """Return `modelFile`."""
        return self.getOrDefault(self.modelFile)


class HasImageLoader(Params):
    """A function that loads an image."""

    imageLoader: Param[ImageLoader] = Param(
        Params._dummy(), "imageLoader", "function from a URI to the array that the model takes", _loader
    )

    def setImageLoader(self, value: ImageLoader) -> Any:
        """Set `imageLoader`."""
        return self._set(imageLoader=value)

    def getImageLoader(self) -> ImageLoader:
        """Return `imageLoader`."""
        return self.getOrDefault(self.imageLoader)


class HasOutputMode(Params):
    """What the output column holds."""

    outputMode: Param[str] = Param(
        Params._dummy(), "outputMode", "vector, or image: Spark's image schema", one_of(("vector", "image"))
    )

    def setOutputMode(self, value: str) -> Any:
        """Set `outputMode`."""
        return self._set(outputMode=value)

    def getOutputMode(self) -> str:
        """Return `outputMode`."""
        return self.getOrDefault(self.outputMode)
