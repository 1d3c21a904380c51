"""Tell whether two files show the same picture: exactly, or as nearly as a copy does."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from radiograph.scale import distinct_values, limits, to_grey

# Side of a signature, in pixels, and of the picture that it is made from.
SIGNATURE_SIDE = 40
_REDUCED_SIDE = 160
# A row or a column is part of the picture if at least one pixel in 50 is brighter than this.
_DARK, _LIT_SHARE = 16, 0.02


def pixel_id(picture: Image.Image) -> str:
    """Return the sha256 of a picture's size and pixels: equal however the picture is stored.

    Grey values are scaled to the full range first, as those of a DICOM file or of 16 bits are when they are
    opened, and those of 8 bits are not.

    Parameters
    ----------
    picture : PIL.Image.Image
        Mode `L` or `RGB`. Where red, green and blue are equal, it is as good as grey.
    """
    pixels = np.asarray(picture)
    if pixels.ndim == 3 and (pixels == pixels[..., :1]).all():
        pixels = np.ascontiguousarray(pixels[..., 0])
    if pixels.ndim == 2:
        pixels = _full_range(pixels)
    digest = hashlib.sha256(repr(pixels.shape).encode())
    digest.update(pixels.tobytes())
    return digest.hexdigest()


def _full_range(grey: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    low, high = limits(*distinct_values(grey))
    if low == high:
        return grey
    return np.rint(to_grey(np.arange(256.0), low, high)).astype(np.uint8)[grey]


def signature(picture: Image.Image) -> bytes:
    """Return 40 x 40 grey values that hardly differ between copies of one picture.

    Dark borders are cut off and the histogram is equalised, since copies differ in both.

    Parameters
    ----------
    picture : PIL.Image.Image
        Mode `L` or `RGB`.
    """
    reduced = picture.convert("L").resize((_REDUCED_SIDE, _REDUCED_SIDE), Image.Resampling.BOX)
    side = (SIGNATURE_SIDE, SIGNATURE_SIDE)
    return ImageOps.equalize(_without_border(reduced)).resize(side, Image.Resampling.BOX).tobytes()


def _without_border(picture: Image.Image) -> Image.Image:
    lit = np.asarray(picture) > _DARK
    rows, columns = (np.flatnonzero(lit.mean(axis) > _LIT_SHARE) for axis in (1, 0))
    if min(len(rows), len(columns)) < SIGNATURE_SIDE:
        return picture
    return picture.crop((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
