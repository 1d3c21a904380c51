"""Convert a picture of any mode to 8-bit grey or RGB."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from radiograph.reasons import Reason, Refused

_GREY = ("1", "L", "LA")
_DEEPER_THAN_8_BITS = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")
# Pixels processed at once in double precision.
_PIXELS_PER_STRIP = 2**20


def to_eight_bits(image: Image.Image) -> Image.Image:
    """Return the picture in mode `L` where it has no colour channels, else in `RGB`.

    Transparent pixels are blended with black, the background of a radiograph. Pictures deeper than 8 bits are
    scaled from their least to their greatest value: Pillow's own conversion clips them, and a division by 257
    turns the common 12 bits in a 16-bit file black.

    Raises
    ------
    Refused
        If pixels are not finite, or all are equal in a picture deeper than 8 bits.
    """
    if image.mode in _DEEPER_THAN_8_BITS:
        return _scaled(image)
    if image.mode in ("P", "PA"):
        image = image.convert(_palette_mode(image))
    grey = image.mode in _GREY
    if image.has_transparency_data:
        image = _blend_with_black(image)
    target = "L" if grey else "RGB"
    return image if image.mode == target else image.convert(target)


def has_16_bit_colours(image: Image.Image) -> bool:
    """Tell, before a picture is loaded, whether its colours (or its transparency) have 16 bits each.

    Pillow opens such a picture in an 8-bit mode, with the upper byte of each value.
    """
    tiles = getattr(image, "tile", ())
    return image.mode not in _DEEPER_THAN_8_BITS and any(";16" in str(tile[3]) for tile in tiles)


def row_strips(values: npt.NDArray[Any]) -> Iterator[slice]:
    """Yield slices of rows: a whole picture in double precision would dominate the memory."""
    rows = max(1, _PIXELS_PER_STRIP // values.shape[1])
    for first in range(0, len(values), rows):
        yield slice(first, first + rows)


def _palette_mode(image: Image.Image) -> str:
    """Return the mode of a palette's colours: grey if all of them are grey."""
    colours = image.convert("RGB")
    red, green, blue = (np.asarray(channel) for channel in colours.split())
    grey = bool((red == green).all() and (green == blue).all())
    if image.has_transparency_data:
        return "LA" if grey else "RGBA"
    return "L" if grey else "RGB"


def _blend_with_black(image: Image.Image) -> Image.Image:
    foreground = image.convert("RGBA")
    black = Image.new("RGBA", foreground.size, (0, 0, 0, 255))
    return Image.alpha_composite(black, foreground).convert("RGB")


def _scaled(image: Image.Image) -> Image.Image:
    values = np.asarray(image)
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all():
        raise Refused(Reason.unreadable, "it has pixels that are not finite numbers")
    if low == high:
        raise Refused(Reason.blank, "all pixels are equal")
    grey = np.empty(values.shape, np.uint8)
    for rows in row_strips(values):
        grey[rows] = np.rint((values[rows].astype(np.float64) - low) * (255 / (high - low)))
    return Image.fromarray(grey, "L")
