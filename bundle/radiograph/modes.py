"""Bring a picture of any mode to 8-bit grey or RGB."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from radiograph.reasons import Reason, Refused

_GREY = ("1", "L", "LA")
_DEEP = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")
# Pixels that are worked on at once, where each takes eight bytes or more.
_STRIP = 2**20


def to_eight_bits(image: Image.Image) -> Image.Image:
    """Return the picture in mode `L` where it has no colour channels, else in `RGB`.

    Transparency is laid over black, the background of a radiograph. Pictures deeper than 8 bits are scaled
    from their least to their greatest value: Pillow's own conversion clips them, and a division by 257 turns
    the common 12 bits in a 16-bit file black.

    Raises
    ------
    Refused
        If pixels are not finite, or all of them equal in a picture deeper than 8 bits.
    """
    if image.mode in _DEEP:
        return _scaled(image)
    if image.mode in ("P", "PA"):
        image = image.convert(_palette_mode(image))
    grey = image.mode in _GREY
    if image.has_transparency_data:
        image = _over_black(image)
    target = "L" if grey else "RGB"
    return image if image.mode == target else image.convert(target)


def is_deep_colour(image: Image.Image) -> bool:
    """Tell, before it is loaded, whether a picture has colours (or transparency) of 16 bits each.

    Pillow opens these in its 8-bit modes, with the upper half of each value.
    """
    return image.mode not in _DEEP and any(";16" in str(tile[3]) for tile in getattr(image, "tile", ()))


def strips(values: npt.NDArray[Any]) -> Iterator[slice]:
    """Return the rows of a picture in parts; the whole in double precision would take more than all else."""
    rows = max(1, _STRIP // values.shape[1])
    for first in range(0, len(values), rows):
        yield slice(first, first + rows)


def _palette_mode(image: Image.Image) -> str:
    """Return the mode of a palette's colours; a grey palette is a grey picture."""
    colours = image.convert("RGB")
    red, green, blue = (np.asarray(channel) for channel in colours.split())
    grey = bool((red == green).all() and (green == blue).all())
    if image.has_transparency_data:
        return "LA" if grey else "RGBA"
    return "L" if grey else "RGB"


def _over_black(image: Image.Image) -> Image.Image:
    pictured = image.convert("RGBA")
    black = Image.new("RGBA", pictured.size, (0, 0, 0, 255))
    return Image.alpha_composite(black, pictured).convert("RGB")


def _scaled(image: Image.Image) -> Image.Image:
    values = np.asarray(image)
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all():
        raise Refused(Reason.unreadable, "pixels that are not finite numbers")
    if low == high:
        raise Refused(Reason.blank, "all pixels are equal")
    grey = np.empty(values.shape, np.uint8)
    for rows in strips(values):
        grey[rows] = np.rint((values[rows].astype(np.float64) - low) * (255 / (high - low)))
    return Image.fromarray(grey, "L")
