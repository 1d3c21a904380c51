"""Download or draw weights in a process of their own: `python -m sparkdl.obtain <network> <file> [<seed>]`.

`sparkdl.weights` starts it. Both need TensorFlow, which would otherwise take half a gigabyte of the driver's
memory for as long as the driver lives.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from sparkdl import network
from sparkdl.backbones import Backbone, backbone
from sparkdl.errors import WeightsError, one_line
from sparkdl.weights import EXIT_UNAVAILABLE, keras_home


def obtain(name: str, file: Path, seed: int | None) -> None:
    """Write a network's weights to `file`: random ones from `seed`, or Keras's ImageNet weights without one.

    Raises
    ------
    WeightsError
        If they cannot be downloaded, in one line that says what to do.
    """
    net = backbone(name)
    if seed is None:
        _download(net, file)
    else:
        network.draw_weights(net, seed).save_weights(file)


def _download(net: Backbone, file: Path) -> None:
    try:
        network.build(net, weights="imagenet")
    except Exception as error:
        # Keras raises a bare Exception for a failed download and ValueError for a wrong hash.
        raise WeightsError(
            f"the ImageNet weights of {net.name} could not be downloaded ({one_line(error)}): download "
            f"{net.keras_file} on a machine with internet and give its folder as weights, or give random"
        ) from None
    shutil.copyfile(keras_home() / "models" / net.keras_file, file)


def main(argv: Sequence[str]) -> int:
    """Obtain what the arguments name; a failed download is the last line on standard error."""
    name, file, *seed = argv
    try:
        obtain(name, Path(file), int(seed[0]) if seed else None)
    except WeightsError as error:
        print(error, file=sys.stderr)
        return EXIT_UNAVAILABLE
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
