"""What a TIFF file says of its values and Pillow's mode does not: polarity, and signed bytes.

Tags: TIFF Revision 6.0, https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf
"""

from __future__ import annotations

import io
import struct
from typing import Any

from PIL import Image, TiffTags, UnidentifiedImageError
from PIL.TiffImagePlugin import PHOTOMETRIC_INTERPRETATION, SAMPLEFORMAT

from radiograph.modes import DEEPER_THAN_8_BITS

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


def is_negative(image: Image.Image) -> bool:
    """Tell whether 0 is white in a picture that Pillow does not invert, as it has more than 8 bits."""
    return image.mode in DEEPER_THAN_8_BITS and _tag(image, PHOTOMETRIC_INTERPRETATION) == _WHITE_IS_ZERO


def has_signed_bytes(image: Image.Image) -> bool:
    """Tell whether Pillow's mode L holds the bytes of signed values."""
    found = _tag(image, SAMPLEFORMAT)
    return image.mode == "L" and (found[:1] if isinstance(found, tuple) else (found,)) == (_SIGNED,)


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
