"""The names of ImageNet's classes, in the order of the networks' outputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from sparkdl.backbones import IMAGENET_CLASSES
from sparkdl.errors import WeightsError, one_line
from sparkdl.weights import CLASS_NAMES, obtain_in_own_process


class ClassName(NamedTuple):
    """A class: WordNet's id, e.g. n02124075, and its name, e.g. Egyptian_cat."""

    wordnet_id: str
    description: str


def class_names(keras_home: Path) -> tuple[ClassName, ...]:
    """Return the names from Keras's folder, where Keras puts them at first.

    Raises
    ------
    WeightsError
        If they cannot be downloaded, or the file holds something else.
    """
    file = keras_home / "models" / CLASS_NAMES
    if not file.is_file():
        obtain_in_own_process(CLASS_NAMES, file, None)
    try:
        index = json.loads(file.read_text(encoding="utf-8"))
        return tuple(ClassName(*index[str(place)]) for place in range(IMAGENET_CLASSES))
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsError(
            f"{file} does not hold the names of ImageNet's classes ({one_line(error)}): delete it"
        ) from None
