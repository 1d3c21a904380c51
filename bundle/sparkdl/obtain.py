"""Download or draw weights in a process of their own: `python -m sparkdl.obtain <network> <file>`.

`sparkdl.weights` starts it. Both need TensorFlow.
"""

from __future__ import annotations

import shutil
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from sparkdl import network
from sparkdl.backbones import IMAGENET_CLASSES, Backbone, backbone
from sparkdl.errors import WeightsError, one_line
from sparkdl.own_process import EXIT_ERROR
from sparkdl.runtime import network_settings
from sparkdl.weights import CLASS_NAMES, keras_home


def obtain(name: str, file: Path, seed: int | None, top: bool) -> None:
    """Write a network's weights to `file`: random ones from `seed`, or Keras's ImageNet weights without one.

    `CLASS_NAMES` as name writes Keras's file with the names of ImageNet's classes.

    Raises
    ------
    WeightsError
        If they cannot be downloaded, in one line that says what to do.
    """
    if name == CLASS_NAMES:
        _download_class_names(file)
        return
    net = backbone(name)
    if seed is None:
        _download(net, file, top)
    else:
        network.draw_weights(net, seed, top).save_weights(file)


def _download(net: Backbone, file: Path, top: bool) -> None:
    keras_file = net.keras_file(top).name
    _asking_keras(
        lambda: network.build(net, weights="imagenet", top=top),
        f"the ImageNet weights of {net.name}",
        f"download {keras_file} on a machine with internet and give its folder as weights, or give random",
    )
    shutil.copyfile(keras_home() / "models" / keras_file, file)


def _download_class_names(file: Path) -> None:
    with network_settings() as keras:
        decode = keras.applications.imagenet_utils.decode_predictions
        _asking_keras(
            lambda: decode(np.zeros((1, IMAGENET_CLASSES))),
            "the names of ImageNet's classes",
            f"download {CLASS_NAMES} on a machine with internet and put it into {file.parent}",
        )


def _asking_keras(download: Callable[[], object], what: str, remedy: str) -> None:
    try:
        download()
    except Exception as error:
        # Keras raises a bare Exception for a failed download and ValueError for a wrong hash.
        raise WeightsError(f"{what} could not be downloaded ({one_line(error)}): {remedy}") from None


def main(argv: Sequence[str]) -> int:
    """Obtain what the arguments name; a failed download is the last line on standard error."""
    parser = ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("file", type=Path)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--top", action="store_true")
    args = parser.parse_args(argv)
    try:
        obtain(args.name, args.file, args.seed, args.top)
    except WeightsError as error:
        print(error, file=sys.stderr)
        return EXIT_ERROR
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
