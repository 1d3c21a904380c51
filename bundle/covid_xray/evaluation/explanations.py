"""Maps of what speaks for a class: which images get one, its share in the lung box, and how it is drawn."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image, ImageDraw
from radiograph.lungs import LUNG_BOX, SHARE, Box
from sparkdl.images import to_input

from covid_xray.errors import DataError
from covid_xray.evaluation.metrics.bootstrap import Interval, bootstrap_weights, percentiles
from covid_xray.evaluation.results_model import missed

# Images of a task that are explained, besides the missed ones, where a map costs a pass through the network.
SAMPLE = 24
# How much of the picture the strongest colour hides.
_COVER = 0.75


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


@dataclass(frozen=True)
class BoxSummary:
    """A mean share of positive mass in the box, 0 to 1, with its 95 % interval.

    Attributes
    ----------
    value, ci_low, ci_high : float
        NaN where no map is positive anywhere.
    n, n_patients : int
        Images and patients behind it.
    area : float
        The box's share of the picture, which a map without regard to lungs would reach.
    """

    value: float
    ci_low: float
    ci_high: float
    n: int
    n_patients: int
    area: float


def box_summary(rows: pd.DataFrame, resamples: int, seed: int, box: Box = LUNG_BOX) -> BoxSummary:
    """Average `box_share`, with a bootstrap interval over patients.

    Parameters
    ----------
    rows : pandas.DataFrame
        Rows of `explanations` of one task, or of one class of it: columns `patient_id` and `box_share`. Those
        without a share, whose map is positive nowhere, do not count.
    resamples : int
        How often the patients are drawn anew, with all their images.
    seed : int
    box : Box
        The one that the shares are of.
    """
    known = rows.dropna(subset=["box_share"])
    of_patient = known.groupby("patient_id")["box_share"].agg(["sum", "count"]).to_numpy()
    if known.empty:
        return BoxSummary(np.nan, np.nan, np.nan, 0, 0, box_area(box))
    low, high = _interval(of_patient, resamples, seed)
    mean = float(known["box_share"].mean())
    return BoxSummary(mean, low, high, len(known), len(of_patient), box_area(box))


def images_to_explain(held_out: pd.DataFrame, classes: Sequence[str], sample: int = SAMPLE) -> list[str]:
    """Return a sample with equally many images of each class, and every missed image of the positive one.

    Parameters
    ----------
    held_out : pandas.DataFrame
        Columns `image_id`, `label`, `prediction`: a row an image.
    classes : sequence of str
        The first is the positive one.
    sample : int
        At most so many images without the missed ones: the first of each class by `image_id`, which is as
        good as random and always the same.
    """
    ordered = held_out.sort_values("image_id")
    of_class = ordered.groupby("label").head(sample // len(classes))
    return sorted({*of_class["image_id"], *missed(ordered, classes[0])["image_id"]})


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
        raise DataError(
            "a picture in the table images cannot be opened: the table is damaged; run again with another "
            "output folder or schema"
        )
    drawn = _blended(pixels.mean(axis=2), _enlarged(map_, size) / scale)
    edges = [edge * (size - 1) for edge in (box.left, box.top, box.right, box.bottom)]
    ImageDraw.Draw(drawn).rectangle([round(edge) for edge in edges], outline="white")
    file = io.BytesIO()
    # A third of the size: a page has many of them.
    drawn.quantize(256, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def _overlap(grid: int, low: float, high: float) -> npt.NDArray[np.float64]:
    edges = np.clip(np.linspace(0, 1, grid + 1), low, high)
    return np.asarray(np.diff(edges) * grid, np.float64)


def _interval(of_patient: npt.NDArray[np.float64], resamples: int, seed: int) -> Interval:
    patients = len(of_patient)
    weights = bootstrap_weights(patients, resamples, seed, patients)
    drawn = [chunk @ of_patient for chunk in weights]
    sums, images = np.concatenate(drawn).T
    return percentiles(sums / images)


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
