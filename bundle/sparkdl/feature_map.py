"""Find the shapes of a network's input and feature map: `python -m sparkdl.feature_map <network> <size>`.

`sparkdl.own_networks` starts it where no record says them. The network is a name in `BACKBONES` or the file
of a model; the size is 0 if the file has to say it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sparkdl.backbones import BACKBONES
from sparkdl.errors import SparkdlError, one_line
from sparkdl.keras_model import load_model
from sparkdl.model_file import ModelFileError, Shape
from sparkdl.network import build
from sparkdl.own_process import EXIT_ERROR
from sparkdl.runtime import network_settings

_GREY_OR_COLOUR = (1, 3)


@dataclass(frozen=True)
class FeatureMap:
    """A network's input has the shape (size, size, inputs), its map the shape (grid, grid, channels)."""

    size: int
    inputs: int
    grid: int
    channels: int


def feature_map(network: str, size: int) -> FeatureMap:
    """Build a network, without its weights if it is one of keras.applications, and return its shapes.

    Raises
    ------
    SparkdlError
        If it does not take images of that size, or returns neither a square map nor a vector for each.
    """
    with network_settings() as keras:
        if network in BACKBONES:
            return _of_application(network, size)
        return _of_model(load_model(keras, network), network, size)


def _of_application(name: str, size: int) -> FeatureMap:
    try:
        shape = build(replace(BACKBONES[name], size=size)).output_shape
    except ValueError as error:
        raise SparkdlError(
            f"{name} cannot take images of {size} x {size} pixels: {one_line(error)}"
        ) from None
    return FeatureMap(size, 3, shape[1], shape[3])


def _of_model(model: Any, file: str, size: int) -> FeatureMap:
    shape = model.input_shape[1:]
    check_input(file, shape, size)
    size, inputs = size or shape[0], shape[2]
    try:
        output = model.compute_output_shape((None, size, size, inputs))[1:]
    except (ValueError, TypeError) as error:
        raise ModelFileError(
            f"the model {file} cannot take images of {size} x {size} pixels: {one_line(error)}"
        ) from None
    # A vector is a map of one cell.
    cells = (1, 1, *output) if len(output) == 1 else output
    if len(cells) != 3 or None in cells or cells[0] != cells[1] or 0 in cells:
        raise ModelFileError(
            f"the model {file} returns {_shown(output)} for an image: give one that returns a square "
            "map with channels last, or a vector"
        )
    return FeatureMap(size, inputs, cells[0], cells[2])


def check_input(file: str, shape: Shape, size: int) -> None:
    """Check that a model takes square images, of `size` if that is not 0.

    Parameters
    ----------
    shape : tuple of int or None
        Of its input.

    Raises
    ------
    ModelFileError
        If it does not.
    """
    if len(shape) != 3 or shape[2] not in _GREY_OR_COLOUR or shape[0] != shape[1]:
        raise ModelFileError(
            f"the model {file} takes inputs of the shape {_shown(shape)}: give one that takes square images "
            "with 1 or 3 channels last"
        )
    if size and shape[0] not in (None, size):
        raise ModelFileError(
            f"the model {file} takes images of {shape[0]} x {shape[0]} pixels, not {size}: leave the size out"
        )
    if not (size or shape[0]):
        raise ModelFileError(f"the model {file} takes images of any size: give the size to use")


def _shown(shape: Sequence[int | None]) -> str:
    return f"({', '.join('any' if n is None else str(n) for n in shape)})"


def main(argv: Sequence[str]) -> int:
    """Print the shapes as JSON; an error is the last line on standard error."""
    network, size = argv
    try:
        print(json.dumps(asdict(feature_map(network, int(size)))))
    except SparkdlError as error:
        print(error, file=sys.stderr)
        return EXIT_ERROR
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
