"""Networks that are not in `BACKBONES`: one of them with other weights or another input, or a whole model."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

from sparkdl.backbones import backbone
from sparkdl.errors import SparkdlError
from sparkdl.feature_map import FeatureMap, check_input
from sparkdl.feature_network import FeatureNetwork, OwnModel, Preprocessing
from sparkdl.model_file import ModelFileError, check_model_file
from sparkdl.own_process import run_module
from sparkdl.weights import Weights, of_file, verified

# Their parameters are of the three colours of ImageNet's pictures.
_OF_COLOURS = ("caffe", "torch")


def map_of_architecture(architecture: str, size: int | None = None) -> FeatureMap:
    """Return the shapes of a network in `BACKBONES` for images of `size`, by default that of its record."""
    net = backbone(architecture)
    if size in (None, net.size):
        return FeatureMap(net.size, 3, net.grid, net.channels)
    return _ask(architecture, size or 0, 0)


def map_of_model(file: Path, size: int | None, preprocessing: Preprocessing) -> FeatureMap:
    """Return the shapes of the model in a file, which is built in a process of its own.

    Parameters
    ----------
    size : int or None
        Needed if the file does not say it.

    Raises
    ------
    ModelFileError
        As of `check_own_model`, or if the model does not return a map or a vector.
    """
    check_own_model(file, size, preprocessing)
    found = _ask(str(file), size or 0, file.stat().st_mtime_ns)
    _check_colours(file, found.inputs, preprocessing)
    return found


def check_own_model(file: Path, size: int | None, preprocessing: Preprocessing) -> None:
    """Check a model as far as its file tells, without TensorFlow.

    Raises
    ------
    ModelFileError
        As of `check_model_file`, or if it does not take images of that size that are prepared so.
    """
    shape = check_model_file(str(file), "the model").input_shape
    if shape is not None:
        check_input(str(file), shape, size or 0)
        _check_colours(file, shape[2], preprocessing)


def _check_colours(file: Path, inputs: int | None, preprocessing: Preprocessing) -> None:
    if inputs == 1 and preprocessing in _OF_COLOURS:
        raise ModelFileError(
            f"the model {file} takes grey images, and the preprocessing {preprocessing} needs colours: use "
            "tf, unit or none"
        )


def own_backbone(
    name: str, architecture: str, shapes: FeatureMap, preprocessing: Preprocessing | None
) -> FeatureNetwork:
    """Return a network of keras.applications under another name; without preprocessing it has its own."""
    return replace(
        backbone(architecture),
        name=name,
        application=architecture,
        size=shapes.size,
        grid=shapes.grid,
        preprocessing=preprocessing,
    )


def own_model(name: str, shapes: FeatureMap, preprocessing: Preprocessing) -> FeatureNetwork:
    """Return a network that is a model of one's own."""
    return OwnModel(
        name=name,
        size=shapes.size,
        grid=shapes.grid,
        channels=shapes.channels,
        inputs=1 if shapes.inputs == 1 else 3,
        preprocessing=preprocessing,
    )


def own_weights(given: Path, name: str, architecture: str | None) -> Weights:
    """Return the file of such a network: weights of an architecture, or without one the model itself.

    Raises
    ------
    WeightsError
        As of `sparkdl.weights.resolve`.
    ModelFileError
        As of `check_model_file`.
    """
    if architecture is not None:
        return of_file(given, replace(backbone(architecture), name=name, application=architecture))
    path = check_model_file(str(given), "the model").path
    return Weights(path, verified(path), "file")


@cache
def _ask(network: str, size: int, modified: int) -> FeatureMap:
    """Ask a process of its own, once for each state of a file."""
    output = run_module("sparkdl.feature_map", [network, str(size)], SparkdlError)
    return FeatureMap(**json.loads(output.splitlines()[-1]))
