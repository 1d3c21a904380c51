"""Check a weights file by its table of contents, before a network is built and without TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sparkdl.backbones import BACKBONES, Backbone
from sparkdl.errors import WeightsError, one_line

# Optimizer state in a file saved during training, in the layouts of Keras 3 and Keras 2.
_OPTIMIZER_GROUPS = ("optimizer/", "optimizer_weights/")


def validate_weights(path: Path, net: Backbone, top: bool = False) -> None:
    """Check that an HDF5 file has as many arrays and parameters as the network.

    Links and arrays stored in other files do not count: weights are read from this file alone.

    Raises
    ------
    WeightsError
        If the numbers differ, or the file is not HDF5.
    """
    expected, name = net.keras_file(top), _called(net, top)
    try:
        arrays, parameters = _count(path)
    except (OSError, RuntimeError) as error:
        raise WeightsError(f"{path} does not hold the weights of {name}: {one_line(error)}") from None
    if (arrays, parameters) != (expected.arrays, expected.parameters):
        raise WeightsError(
            f"{path} does not hold the weights of {name}: it has {arrays} arrays with {parameters:,} "
            f"parameters{_matching_network(arrays, parameters)}, expected {expected.arrays} arrays with "
            f"{expected.parameters:,}"
        )


def _called(net: Backbone, top: bool) -> str:
    return f"{net.name} with its top" if top else net.name


def _count(path: Path) -> tuple[int, int]:
    """Return the number of weight arrays and of the parameters in them."""
    # Not at the top: Python workers import `sparkdl.weights` and never inspect a file.
    import h5py

    sizes: list[int] = []

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and not name.startswith(_OPTIMIZER_GROUPS) and _is_weight(item):
            sizes.append(int(item.size))

    with h5py.File(path, "r") as file:
        file.visititems(visit)
    return len(sizes), sum(sizes)


def _is_weight(dataset: Any) -> bool:
    """Tell whether an HDF5 dataset holds floating-point numbers, in this file."""
    return dataset.dtype.kind == "f" and dataset.external is None and not dataset.is_virtual


def _matching_network(arrays: int, parameters: int) -> str:
    for net in BACKBONES.values():
        for top in (False, True):
            file = net.keras_file(top)
            if (file.arrays, file.parameters) == (arrays, parameters):
                return f" (those of {net.name} {'with' if top else 'without'} its top)"
    return ""
