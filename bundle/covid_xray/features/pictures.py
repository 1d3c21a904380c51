"""The picture of an X-ray that reaches the network, without Spark."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image
from radiograph import OCCLUSIONS, Refused, lung_field, open_xray

# OpenCV's codes for unsigned bytes in one and in three channels.
_GREY, _COLOUR = 0, 16

# Part of the feature key: increment a version when the network's input pixels change.
# tests/unit/covid_xray/features/test_pictures.py checks the pixels of each version.
VERSIONS = {"plain": 1, "lungs": 1, "lungs_blanked": 1, "lungs_only": 1, "shuffled": 1}


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {"lungs": lung_field, **OCCLUSIONS}


def input_of(file: bytes | None, preprocessing: str) -> dict[str, Any] | None:
    """Return one encoded X-ray as `CHANGES` change it, in Spark's image schema.

    None if there is none, or it cannot be opened.
    """
    if file is None:
        return None
    try:
        return _in_image_schema(CHANGES[preprocessing](open_xray(file).picture))
    except Refused:
        return None


def _in_image_schema(picture: Image.Image) -> dict[str, Any]:
    grey = picture.mode == "L"
    # OpenCV has blue first.
    pixels = np.asarray(picture) if grey else np.asarray(picture)[:, :, ::-1]
    kind = {"nChannels": 1 if grey else 3, "mode": _GREY if grey else _COLOUR}
    size = {"height": picture.height, "width": picture.width}
    return {"origin": "", **size, **kind, "data": pixels.tobytes()}
