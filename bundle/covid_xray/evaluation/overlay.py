"""A picture with the map of one class laid over it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from sparkdl.images import to_input

from covid_xray.errors import DataError
from covid_xray.evaluation.lung_box import LUNG_BOX, Box

# How much of the picture the strongest colour hides.
_COVER = 0.75


def overlay_png(
    content: bytes | Mapping[str, Any],
    size: int,
    map_: npt.NDArray[np.float32],
    scale: float,
    box: Box = LUNG_BOX,
) -> bytes:
    """Draw a map over the picture as a network sees it: grey, stretched to a square.

    Parameters
    ----------
    content : bytes or mapping
        The picture: an encoded file, or a row of Spark's image schema.
    size : int
        Height and width of the drawing, in pixels.
    map_ : ndarray, shape (grid, grid)
        Orange is what speaks for the class, purple what speaks against it (ColorBrewer's PuOr, which
        colour-blind people tell apart); where it says nothing the picture shows as it is.
    scale : float
        The value, greater than 0, that gets the strongest colour; equal for pictures to be compared.
    box : Box
        Drawn as an outline.

    Returns
    -------
    bytes
        A PNG of at most 256 colours, the same for equal arguments.

    Raises
    ------
    DataError
        If the picture cannot be opened.
    """
    pixels = to_input(content, size, "SCALE_AREA_AVERAGING")
    if pixels is None:
        raise DataError("a picture to be drawn over cannot be opened: the table images is damaged")
    drawn = _blended(pixels.mean(axis=2), _enlarged(map_, size) / scale)
    edges = [edge * (size - 1) for edge in (box.left, box.top, box.right, box.bottom)]
    ImageDraw.Draw(drawn).rectangle([round(edge) for edge in edges], outline="white")
    file = io.BytesIO()
    # A third of the size: a page has many of them.
    drawn.quantize(256, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def _enlarged(map_: npt.NDArray[np.float32], size: int) -> npt.NDArray[np.float32]:
    image = Image.fromarray(np.asarray(map_, np.float32))
    return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR))


def _blended(grey: npt.NDArray[np.float64], values: npt.NDArray[np.float32]) -> Image.Image:
    # Here, not above: a run that has nothing to draw need not wait for matplotlib.
    from matplotlib import colormaps

    strength = np.clip(values, -1, 1)
    colours = colormaps["PuOr_r"]((strength + 1) / 2)[:, :, :3] * 255
    cover = _COVER * np.abs(strength)[:, :, None]
    blended = grey[:, :, None] * (1 - cover) + colours * cover
    return Image.fromarray(np.rint(blended).astype(np.uint8))
