"""What a TIFF file says of its values and Pillow's mode does not: polarity, sign, missing parts.

Tags: TIFF Revision 6.0, https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf
"""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, TiffTags, UnidentifiedImageError
from PIL.TiffImagePlugin import (
    BITSPERSAMPLE,
    PHOTOMETRIC_INTERPRETATION,
    ROWSPERSTRIP,
    SAMPLEFORMAT,
    STRIPOFFSETS,
    TILELENGTH,
    TILEOFFSETS,
    TILEWIDTH,
)

from radiograph.modes import DEEPER_THAN_8_BITS
from radiograph.reasons import Reason, Refused

_WHITE_IS_ZERO, _BLACK_IS_ZERO = 0, 1
_SIGNED = 2


def open_negative(data: bytes) -> Image.Image | None:
    """Open a TIFF of more than 8 bits in which 0 is white, which Pillow knows in few variants only.

    Returns
    -------
    PIL.Image.Image or None
        As if 0 were black; None if the bytes are something else.
    """
    place = _place_of_polarity(data)
    if place is None:
        return None
    position, value = place
    positive = data[:position] + value + data[position + len(value) :]
    try:
        image = Image.open(io.BytesIO(positive), formats=("TIFF",))
    except UnidentifiedImageError:
        return None
    return image if image.mode in DEEPER_THAN_8_BITS else None


def is_inverted(image: Image.Image) -> bool:
    """Tell whether a picture that Pillow opened has to be inverted for dense to be bright.

    Pillow inverts pictures of up to 8 bits in which 0 is white, and those that do not say what 0 is.
    """
    said = _tag(image, PHOTOMETRIC_INTERPRETATION)
    if image.mode in DEEPER_THAN_8_BITS:
        return bool(said == _WHITE_IS_ZERO)
    return image.format == "TIFF" and image.mode in ("1", "L") and said is None


def own_values(image: Image.Image) -> npt.NDArray[Any] | None:
    """Return values that the mode says wrongly: signed bytes, unsigned words of 32 bits; else None."""
    found = _tag(image, SAMPLEFORMAT)
    signed = (found[:1] if isinstance(found, tuple) else (found,)) == (_SIGNED,)
    if image.mode == "L" and signed:
        return np.asarray(image).view(np.int8)
    if image.format == "TIFF" and image.mode == "I" and _tag(image, BITSPERSAMPLE) == (32,) and not signed:
        return np.asarray(image).view(np.uint32)
    return None


def check_complete(image: Image.Image) -> None:
    """Check that a TIFF has as many strips or tiles as its size needs: Pillow leaves missing ones black.

    Raises
    ------
    Refused
        If some are missing.
    """
    if image.format != "TIFF":
        return
    if _tag(image, TILEOFFSETS):
        across, down = (_tag(image, tag) or 1 for tag in (TILEWIDTH, TILELENGTH))
        needed = -(-image.width // across) * -(-image.height // down)
        found = len(_tag(image, TILEOFFSETS))
    else:
        needed = -(-image.height // min(_tag(image, ROWSPERSTRIP) or image.height, image.height))
        found = len(_tag(image, STRIPOFFSETS) or ())
    if found < needed:
        raise Refused(Reason.truncated, f"it has {found} of {needed} strips or tiles")


def _tag(image: Image.Image, tag: int) -> Any:
    tags: Any = getattr(image, "tag_v2", {})
    return tags.get(tag)


def _place_of_polarity(data: bytes) -> tuple[int, bytes] | None:
    """Return the position of the polarity's value, if that is white for 0, and the value for the opposite."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    if order is None or len(data) < 10:
        return None
    (start,) = struct.unpack_from(f"{order}I", data, 4)
    if start + 2 > len(data):
        return None
    (entries,) = struct.unpack_from(f"{order}H", data, start)
    for position in range(start + 2, min(start + 2 + 12 * entries, len(data) - 11), 12):
        tag, kind, _, value = struct.unpack_from(f"{order}HHIH", data, position)
        if tag == PHOTOMETRIC_INTERPRETATION and kind == TiffTags.SHORT and value == _WHITE_IS_ZERO:
            return position + 8, struct.pack(f"{order}H", _BLACK_IS_ZERO)
    return None
