"""What a weights file holds, told from its table of contents: before a network is built, and without one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sparkdl.backbones import BACKBONES, Backbone
from sparkdl.errors import WeightsError, one_line

# Groups of a file that was saved in the middle of training, in both of Keras's layouts.
_NOT_WEIGHTS = ("optimizer/", "optimizer_weights/")


def refuse_others(path: Path, net: Backbone) -> None:
    """Check that an HDF5 file has as many arrays and numbers as the network.

    Links and arrays that lie in other files do not count: weights are read from the file alone.

    Raises
    ------
    WeightsError
        If it has not, or is no HDF5 file.
    """
    try:
        arrays, numbers = _counted(path)
    except (OSError, RuntimeError) as error:
        raise WeightsError(f"{path} does not hold the weights of {net.name}: {one_line(error)}") from None
    if (arrays, numbers) != (net.arrays, net.numbers):
        raise WeightsError(
            f"{path} does not hold the weights of {net.name}: it has {arrays} arrays of {numbers:,} numbers"
            f"{_owner(arrays, numbers)}, and not {net.arrays} of {net.numbers:,}"
        )


def _counted(path: Path) -> tuple[int, int]:
    # Here, not above: workers import this package too.
    import h5py

    sizes: list[int] = []

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and not name.startswith(_NOT_WEIGHTS) and _is_own_numbers(item):
            sizes.append(int(item.size))

    with h5py.File(path, "r") as file:
        file.visititems(visit)
    return len(sizes), sum(sizes)


def _is_own_numbers(dataset: Any) -> bool:
    return dataset.dtype.kind == "f" and dataset.external is None and not dataset.is_virtual


def _owner(arrays: int, numbers: int) -> str:
    names = [net.name for net in BACKBONES.values() if (net.arrays, net.numbers) == (arrays, numbers)]
    return f", as {names[0]} has" if names else ""
