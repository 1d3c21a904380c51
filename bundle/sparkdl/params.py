"""Params that several Transformers share, and checks of what they are set to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from inspect import signature
from typing import Any, NoReturn, Self

import numpy.typing as npt
from pyspark.ml.param import Param, Params, TypeConverters
from pyspark.ml.param.shared import HasInputCol, HasOutputCol

from sparkdl.errors import SparkdlError
from sparkdl.model_file import check_model_file
from sparkdl.values import did_you_mean

# From a URI to the input of a model, without or with a first axis of 1.
ImageLoader = Callable[[str], npt.NDArray[Any]]


def one_of(names: Sequence[str], suggest: bool = True) -> Callable[[Any], str]:
    """Return a converter that takes one of some names, and may suggest the nearest in place of another."""

    def convert(value: Any) -> str:
        if value in names:
            return str(value)
        hint = did_you_mean(value, names) if suggest else ""
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


class CheckedParams(Params):
    """Params none of which is ever set to None."""

    _input_kwargs: dict[str, Any]

    def _set(self, **kwargs: Any) -> Self:
        # Spark itself takes None for every Param, and calls no converter for it.
        for name, value in kwargs.items():
            if value is None:
                raise TypeError(
                    f"{type(self).__name__}: {name} must not be None: leave it out for its default"
                )
        return super()._set(**kwargs)

    def _set_given(self) -> Self:
        """Set what the constructor or `setParams` was given; None where it is the default is not given."""
        parameters = signature(type(self).__init__).parameters.values()
        optional = {one.name for one in parameters if one.default is None}
        given = self._input_kwargs.items()
        return self._set(**{name: one for name, one in given if one is not None or name not in optional})


class HasColumns(CheckedParams, HasInputCol, HasOutputCol):
    """A column that is read, and a new one."""

    def setInputCol(self, value: str) -> Self:
        """Set `inputCol`."""
        return self._set(inputCol=value)

    def setOutputCol(self, value: str) -> Self:
        """Set `outputCol`."""
        return self._set(outputCol=value)


class HasModelFile(CheckedParams):
    """A Keras model in a file."""

    modelFile: Param[str] = Param(
        Params._dummy(), "modelFile", "a whole Keras model: a .keras or .h5 file", _model_file
    )

    def setModelFile(self, value: str) -> Self:
        """Set `modelFile`."""
        return self._set(modelFile=value)

    def getModelFile(self) -> str:
        """Return `modelFile`."""
        return self.getOrDefault(self.modelFile)


class HasImageLoader(CheckedParams):
    """A function that loads an image."""

    imageLoader: Param[ImageLoader] = Param(
        Params._dummy(), "imageLoader", "function from a URI to the array that the model takes", _loader
    )

    def setImageLoader(self, value: ImageLoader) -> Self:
        """Set `imageLoader`."""
        return self._set(imageLoader=value)

    def getImageLoader(self) -> ImageLoader:
        """Return `imageLoader`."""
        return self.getOrDefault(self.imageLoader)

    def save(self, path: str) -> NoReturn:
        """Refuse: a function cannot be saved."""
        self.write()

    def write(self) -> NoReturn:
        """Refuse: a function cannot be saved."""
        raise SparkdlError(
            f"{type(self).__name__} cannot be saved, since imageLoader is a function: keep the model file, "
            "and build the stage again where it is used"
        )


class HasOutputMode(CheckedParams):
    """What the output column holds."""

    outputMode: Param[str] = Param(
        Params._dummy(), "outputMode", "vector, or image: Spark's image schema", one_of(("vector", "image"))
    )

    def setOutputMode(self, value: str) -> Self:
        """Set `outputMode`."""
        return self._set(outputMode=value)

    def getOutputMode(self) -> str:
        """Return `outputMode`."""
        return self.getOrDefault(self.outputMode)
