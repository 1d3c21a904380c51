"""Where the lungs roughly are on a frontal chest X-ray, and how much of a map lies there."""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt
from radiograph.lungs import SHARE


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


def lung_box(preprocessing: str) -> Box:
    """Return where `LUNG_BOX` lies in what a network is shown; exact for pictures that are square."""
    if preprocessing != "lungs":
        return LUNG_BOX
    edges = (np.array(astuple(LUNG_BOX)) - 0.5) / SHARE + 0.5
    return Box(*np.clip(edges, 0.0, 1.0).tolist())


def box_area(box: Box = LUNG_BOX) -> float:
    """Return a box's share of the picture: what a map that knows nothing of lungs would have in it."""
    return (box.right - box.left) * (box.bottom - box.top)


def box_weights(grid: int, box: Box = LUNG_BOX) -> npt.NDArray[np.float64]:
    """Return which share of each cell lies in the box, 0 to 1, shape (grid, grid): row by row."""
    return np.outer(_overlap(grid, box.top, box.bottom), _overlap(grid, box.left, box.right))


def box_shares(maps: npt.NDArray[np.float32], box: Box = LUNG_BOX) -> npt.NDArray[np.float64]:
    """Return the share of each map's positive mass that lies in the box.

    Parameters
    ----------
    maps : ndarray, shape (n, grid * grid)
        A cell's mass is spread evenly over it.

    Returns
    -------
    ndarray of float64, shape (n,)
        NaN where a map is positive nowhere.
    """
    positive = np.maximum(maps, 0).astype(np.float64)
    inside = positive @ box_weights(round(maps.shape[1] ** 0.5), box).ravel()
    mass = positive.sum(axis=1)
    return np.divide(inside, mass, out=np.full(len(maps), np.nan), where=mass > 0)


def _overlap(grid: int, low: float, high: float) -> npt.NDArray[np.float64]:
    edges = np.clip(np.linspace(0, 1, grid + 1), low, high)
    return np.asarray(np.diff(edges) * grid, np.float64)
