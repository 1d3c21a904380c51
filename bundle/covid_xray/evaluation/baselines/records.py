"""The baselines: classifiers that see too little to judge a lung.

One record each says what it sees and why it is there.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

from covid_xray.dataset.attributes import ATTRIBUTES

Numbers = npt.NDArray[np.float64] | npt.NDArray[np.uint8]

# Thumbnails and their frames: small enough that no finding is left, only where it is bright and dark.
_SIDE = 32
# Share of each side that the blacked-out central box takes.
_CENTRE = 0.7
# Networks see pictures at about this size, so file size and resolution of the original are gone.
_COMPRESSED_SIDE = 224
_JPEG_QUALITY = 90


@dataclass(frozen=True)
class Baseline:
    """A classifier that sees too little to judge a lung. It has `of_picture` or `of_facts`.

    Attributes
    ----------
    name : str
        What the column `backbone` holds.
    sees : str
        What it is told, in the words of the report: "which sees ...".
    why : str
        What it shows when it does well; a sentence for docs/baselines.md.
    of_picture : callable or None
        Makes numbers, equally many for each image, of a grey picture of any size: called on the workers.
        Pixels are uint8.
    of_facts : callable or None
        Makes a table of numbers by `image_id` from rows of `images` that have it as their index; None where
        it cannot. A table without columns leaves the shares of the classes.
    are_pixels : bool
        Whether the numbers are neighbouring pixels, many and much alike.
    needs : str
        Where `of_facts` can return None: what it lacks then.
    same_values : str
        Column of `images` of which other images must have no value that training has not: elsewhere the
        baseline is left out otherwise.
    """

    name: str
    sees: str
    why: str
    of_picture: Callable[[Image.Image], Numbers] | None = None
    of_facts: Callable[[pd.DataFrame], pd.DataFrame | None] | None = None
    are_pixels: bool = False
    needs: str = ""
    same_values: str = ""


def no_columns(images: pd.DataFrame) -> pd.DataFrame:
    """Return nothing of each image."""
    return pd.DataFrame(index=images.index)


def file_facts(images: pd.DataFrame) -> pd.DataFrame:
    """Return what is known of files without opening a picture: of the original where the manifest had it.

    Returns
    -------
    pandas.DataFrame
        `width`, `height`, `bytes`, `bytes_per_pixel`, `aspect_ratio`, and a column of 0 and 1 for each colour
        mode and format there is.
    """
    has_original = images["original_width"].notna()
    columns = ["width", "height", "bytes", "mode", "format"]
    file = pd.DataFrame(
        {name: images[f"original_{name}"].where(has_original, images[name]) for name in columns}
    )
    numbers = file[["width", "height", "bytes"]].astype(float)
    ratios = {
        "bytes_per_pixel": numbers["bytes"] / (numbers["width"] * numbers["height"]),
        "aspect_ratio": numbers["width"] / numbers["height"],
    }
    return numbers.assign(**ratios).join(pd.get_dummies(file[["mode", "format"]], dtype=float))


def border(grey: Image.Image) -> npt.NDArray[np.uint8]:
    """Return the frame of a 32x32 thumbnail of a picture whose centre, 70 % of each side, is blacked out.

    The centre is gone before the picture is made smaller: afterwards pixels of both would be mixed.

    Returns
    -------
    ndarray of uint8, shape (540,)
        The cells that are not wholly within the centre.
    """
    left, top = (round(length * (1 - _CENTRE) / 2) for length in grey.size)
    framed = grey.copy()
    framed.paste(0, (left, top, grey.width - left, grey.height - top))
    edge = math.ceil(_SIDE * (1 - _CENTRE) / 2)
    is_frame = np.ones((_SIDE, _SIDE), bool)
    is_frame[edge:-edge, edge:-edge] = False
    found: npt.NDArray[np.uint8] = np.asarray(_resized(framed, _SIDE))[is_frame]
    return found


def thumbnail(grey: Image.Image) -> npt.NDArray[np.uint8]:
    """Return a 32x32 thumbnail row by row: uint8, shape (1024,)."""
    return np.asarray(_resized(grey, _SIDE)).ravel()


def compressed_sizes(grey: Image.Image) -> npt.NDArray[np.float64]:
    """Return how many bytes a picture of 224x224 pixels takes as a JPEG and as a PNG."""
    small = _resized(grey, _COMPRESSED_SIDE)
    return np.array([_file_size(small, "JPEG", quality=_JPEG_QUALITY), _file_size(small, "PNG")], float)


def sources(images: pd.DataFrame) -> pd.DataFrame | None:
    """Return a column of 0 and 1 for each source but the last in sorted order, whose images have zeros.

    None where the source of an image is unknown, or all images have the same one.
    """
    known = images["source"]
    names = sorted(known.dropna().unique())
    if known.isna().any() or len(names) < 2:
        return None
    return pd.DataFrame({name: known == name for name in names[:-1]}, dtype=float)


def metadata(images: pd.DataFrame) -> pd.DataFrame | None:
    """Return a column of 0 and 1 for each view, sex and missing value, and the age in years, 0 where missing.

    None where none of them is known of any image.
    """
    known = images.reindex(columns=list(ATTRIBUTES))
    if known.isna().all(axis=None):
        return None
    texts = pd.get_dummies(known[["view", "sex"]].astype(object).fillna("missing"), dtype=float)
    age = known["age"].astype(float)
    return texts.assign(age=age.fillna(0), age_missing=age.isna().astype(float))


BASELINES = (
    Baseline(
        name="majority",
        sees="only the share of each class in training, and nothing of the image",
        why="The accuracy that comes from always answering with the most frequent class.",
        of_facts=no_columns,
    ),
    Baseline(
        name="file_facts",
        sees="only width, height, file size, colour mode and format, and no pixels",
        why="Classes that were collected in different places often differ in their files.",
        of_facts=file_facts,
    ),
    Baseline(
        name="border",
        sees="only the outer frame of the picture, with the centre blacked out",
        why="Markers, letters and the way a picture was cropped tell hospitals apart; lungs are not in it.",
        of_picture=border,
        are_pixels=True,
    ),
    Baseline(
        name="thumbnail",
        sees="the picture only at 32x32 pixels",
        why="Position and exposure are left at that size, findings are not.",
        of_picture=thumbnail,
        are_pixels=True,
    ),
    Baseline(
        name="compressibility",
        sees="only the number of bytes that the picture takes when compressed",
        why="Noise, sharpness and earlier JPEG compression differ between devices and archives.",
        of_picture=compressed_sizes,
    ),
    Baseline(
        name="source",
        sees="only the collection or hospital that the image comes from",
        why="Where each class has its own source, this alone gives the class away.",
        of_facts=sources,
        needs="the source of every image, and at least two sources",
        same_values="source",
    ),
    Baseline(
        name="metadata",
        sees="only view, sex and age, as far as they are known",
        why="Classes of different patients or wards differ in these facts, and none of them is in the lungs.",
        of_facts=metadata,
        needs="the view, sex or age of at least one image",
    ),
)


def sees(name: str) -> str:
    """Return what the baseline of this name sees; only its name for one of another version."""
    return next((baseline.sees for baseline in BASELINES if baseline.name == name), f"only {name}")


def _resized(grey: Image.Image, side: int) -> Image.Image:
    return grey.resize((side, side), Image.Resampling.BOX)


def _file_size(grey: Image.Image, name: str, **options: int) -> int:
    file = io.BytesIO()
    grey.save(file, name, **options)
    return file.tell()


def document() -> str:
    """Return docs/baselines.md."""
    rows = [f"| `{baseline.name}` | {baseline.sees} | {baseline.why} |" for baseline in BASELINES]
    needs = [f"`{baseline.name}` needs {baseline.needs}." for baseline in BASELINES if baseline.needs]
    return "\n".join(
        [
            "*For readers of a report who ask what the networks are compared with, and why.*",
            "",
            "# Baselines",
            "",
            "The audit fits each of these classifiers on the folds of the networks. None of them sees "
            "enough to judge a lung, so their results say nothing about disease; only a network's margin "
            "over the best of them can. Each is the better of logistic regression and gradient boosting, "
            "chosen on the held-out images themselves, which favours the baseline.",
            "",
            "| Baseline | Sees | Why |",
            "|---|---|---|",
            *rows,
            "",
            f"{' '.join(needs)} Each is left out otherwise.",
            "",
            "Made from the records in `bundle/covid_xray/evaluation/baselines/records.py` by",
            "`.venv/bin/python -m covid_xray.evaluation.baselines > docs/baselines.md`.",
            "",
        ]
    )
