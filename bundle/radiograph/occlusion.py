"""Hide parts of a chest X-ray: what a classifier still reaches without them, it does not owe to them.

Retrained on such pictures, classifiers of COVID-19 lose little where they had learnt the source (Maguolo &
Nanni 2021, doi:10.1016/j.inffus.2021.04.008).
"""

from __future__ import annotations

from collections.abc import Callable
from zlib import crc32

import numpy as np
import numpy.typing as npt
from PIL import Image

from radiograph.lungs import LUNG_BOX

# Blocks along each side that `shuffled` moves.
BLOCKS = 16

_Pixels = npt.NDArray[np.uint8]


def lungs_blanked(picture: Image.Image) -> Image.Image:
    """Return a picture whose lung box has the mean colour of what is left, so that it tells nothing.

    Parameters
    ----------
    picture : PIL.Image.Image
        Mode `L` or `RGB`.
    """
    return _filled(picture, _in_lung_box(picture))


def lungs_only(picture: Image.Image) -> Image.Image:
    """Return a picture of the lung box alone: all around it has the box's mean colour."""
    return _filled(picture, ~_in_lung_box(picture))


def shuffled(picture: Image.Image) -> Image.Image:
    """Return a picture whose 16 x 16 blocks lie in a random order of its own, so that it shows no anatomy.

    What a side has beyond a multiple of 16 pixels is cut off evenly. Equal pictures get equal orders.

    Parameters
    ----------
    picture : PIL.Image.Image
        Mode `L` or `RGB`, 16 x 16 pixels or more; a smaller one is enlarged to that.
    """
    if min(picture.size) < BLOCKS:
        picture = picture.resize([max(side, BLOCKS) for side in picture.size], Image.Resampling.NEAREST)
    width, height = (side // BLOCKS for side in picture.size)
    left, top = (side % BLOCKS // 2 for side in picture.size)
    cut = np.asarray(picture)[top : top + BLOCKS * height, left : left + BLOCKS * width]
    blocks = cut.reshape(BLOCKS, height, BLOCKS, width, -1).swapaxes(1, 2)
    order = np.random.default_rng(crc32(cut.tobytes())).permutation(BLOCKS * BLOCKS)
    moved = blocks.reshape(BLOCKS * BLOCKS, height, width, -1)[order].reshape(blocks.shape)
    return Image.fromarray(np.ascontiguousarray(moved.swapaxes(1, 2).reshape(cut.shape)))


OCCLUSIONS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "lungs_blanked": lungs_blanked,
    "lungs_only": lungs_only,
    "shuffled": shuffled,
}


def _in_lung_box(picture: Image.Image) -> npt.NDArray[np.bool_]:
    """Return which pixels lie in the lung box, shape (height, width)."""
    across = (np.arange(picture.width) + 0.5) / picture.width
    down = (np.arange(picture.height) + 0.5) / picture.height
    inside: npt.NDArray[np.bool_] = np.outer(
        (down >= LUNG_BOX.top) & (down < LUNG_BOX.bottom),
        (across >= LUNG_BOX.left) & (across < LUNG_BOX.right),
    )
    return inside


def _filled(picture: Image.Image, hidden: npt.NDArray[np.bool_]) -> Image.Image:
    pixels: _Pixels = np.array(picture)
    # A picture of some pixels may have none that is left.
    if not hidden.all():
        pixels[hidden] = np.rint(pixels[~hidden].mean(axis=0)).astype(np.uint8)
    return Image.fromarray(pixels)
