"""Where the lungs lie in a chest X-ray, and a crop to them without the border, which tells sources apart."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageOps

# Side of the lung field, as a share of the side of the centred square.
SHARE = 0.7


@dataclass(frozen=True)
class Box:
    """A part of a picture; edges as shares of its width and height, from the upper left corner."""

    left: float
    top: float
    right: float
    bottom: float


# The same for all pictures, so no segmentation: it holds the lungs of the mean picture of each class, and
# leaves out neck, shoulders, abdomen and the frame with its markers.
LUNG_BOX = Box(left=0.10, top=0.15, right=0.90, bottom=0.80)


def lung_field(picture: Image.Image) -> Image.Image:
    """Return the central 70 % of the centred square in grey, its histogram equalised.

    This removes markers, collimation, aspect ratio and exposure, which identify the source of an X-ray rather
    than a finding (DeGrave et al. 2021, doi:10.1038/s42256-021-00338-7). The histogram is that of the crop.

    Parameters
    ----------
    picture : PIL.Image.Image
        Mode `L` or `RGB`.

    Returns
    -------
    PIL.Image.Image
        Mode `L`, square.
    """
    side = round(SHARE * min(picture.size))
    left, top = ((length - side) // 2 for length in picture.size)
    grey = picture.crop((left, top, left + side, top + side)).convert("L")
    return ImageOps.equalize(grey)
