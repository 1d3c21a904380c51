"""The baselines: what each is told of an image, none of it a lung."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from covid_xray.dataset.collection import NIH, collections

MAJORITY, FILE_FACTS, SOURCE = "majority", "file_facts", "source"
BORDER, THUMBNAIL, COMPRESSIBILITY = "border", "thumbnail", "compressibility"


@dataclass(frozen=True)
class Baseline:
    """A classifier that sees no lung.

    Attributes
    ----------
    name : str
        What the column `backbone` holds.
    values : pandas.DataFrame
        What it is told of each image: numbers, by `image_id`. Without columns it knows the classes' shares
        alone.
    are_pixels : bool
        Whether the columns are neighbouring pixels, many and much alike.
    """

    name: str
    values: pd.DataFrame
    are_pixels: bool = False


def names(facts: pd.DataFrame) -> list[str]:
    """Return the names of the baselines that `all_baselines` makes of these images."""
    always = [MAJORITY, FILE_FACTS, BORDER, THUMBNAIL, COMPRESSIBILITY]
    return always if collections(facts["path"]) is None else [*always, SOURCE]


def all_baselines(facts: pd.DataFrame, pictures: pd.DataFrame) -> list[Baseline]:
    """Return every baseline that these images allow; `source` needs file names that are no pseudonyms.

    Parameters
    ----------
    facts : pandas.DataFrame
        Rows of the table `images`.
    pictures : pandas.DataFrame
        The same images as `pictures.look_at` sees them.
    """
    known = facts.set_index("image_id")
    found = [
        Baseline(MAJORITY, pd.DataFrame(index=known.index)),
        Baseline(FILE_FACTS, file_facts(known)),
        Baseline(BORDER, _pixels(pictures["border"]), are_pixels=True),
        Baseline(THUMBNAIL, _pixels(pictures["thumbnail"]), are_pixels=True),
        Baseline(COMPRESSIBILITY, pictures[["jpeg_bytes", "png_bytes"]].astype(float)),
    ]
    source = collections(known["path"])
    if source is not None:
        found.append(Baseline(SOURCE, pd.DataFrame({"is_nih": source == NIH}, dtype=float)))
    return found


def file_facts(images: pd.DataFrame) -> pd.DataFrame:
    """Return what is known of files without opening a picture: of the original where the manifest had it.

    Parameters
    ----------
    images : pandas.DataFrame
        Columns of the table `images`.

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


def _pixels(packed: pd.Series[bytes]) -> pd.DataFrame:
    rows = np.stack([np.frombuffer(values, np.uint8) for values in packed])
    return pd.DataFrame(rows.astype(float), index=packed.index)
