"""Convert a picture of any mode to 8-bit grey or RGB."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from radiograph.reasons import Reason, Refused
from radiograph.scale import distinct_values, limits, to_grey
from radiograph.strips import row_strips

_GREY = ("1", "L", "LA")
DEEPER_THAN_8_BITS = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")


def to_eight_bits(image: Image.Image) -> Image.Image:
    """Return the picture in mode `L` where it has no colour channels, else in `RGB`.

    Transparent pixels are blended with black, the background of a radiograph. Pictures deeper than 8 bits are
    scaled from their least to their greatest value (`radiograph.scale.limits`): Pillow's own conversion clips
    them, and a division by 257 turns the common 12 bits in a 16-bit file black.

    Raises
    ------
    Refused
        If pixels are not finite, or all are equal in a picture deeper than 8 bits.
    """
    if image.mode in DEEPER_THAN_8_BITS:
        return scaled(np.asarray(image))
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
    return image.mode not in DEEPER_THAN_8_BITS and any(";16" in str(tile[3]) for tile in tiles)


def scaled(values: npt.NDArray[Any]) -> Image.Image:
    """Return values, shape (height, width), in mode `L`: 0 for the least, 255 for the greatest.

    Raises
    ------
    Refused
        If values are not finite, or all but a few are equal.
    """
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all():
        raise Refused(Reason.unreadable, "it has pixels that are not finite numbers")
    low, high = limits(*distinct_values(values))
    if low == high:
        raise Refused(Reason.blank, "all pixels are equal")
    grey = np.empty(values.shape, np.uint8)
    for rows in row_strips(values):
        grey[rows] = np.rint(to_grey(values[rows].astype(np.float64), low, high))
    return Image.fromarray(grey, "L")


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
