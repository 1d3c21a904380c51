"""Near-duplicates of a model's training images among the images that it is evaluated on."""

from __future__ import annotations

import pandas as pd
from pyspark.sql import functions as F
from radiograph import Reason

from covid_xray.dataset.near_duplicates import near_duplicates_between, signature_array
from covid_xray.progress import counted
from covid_xray.registry.saved import About
from covid_xray.registry.training_images import training_images
from covid_xray.settings import Settings
from covid_xray.storage.tables import Tables

_ALIKE = "near-duplicates of training images cannot be told: all images resemble each other"


def mark_near_duplicates(
    tables: Tables, settings: Settings, about: About, images: pd.DataFrame
) -> tuple[pd.DataFrame, str]:
    """Refuse images that are near-duplicates of training images, unless the settings keep them.

    Parameters
    ----------
    about : About
        Of the model. The signatures of its training images are those of the table `images`.
    images : pandas.DataFrame
        Columns `signature`, `reason` and `detail`, with an index of its own; those with a reason are passed
        over.

    Returns
    -------
    pandas.DataFrame, str
        The images, and what to say about it in a note; empty if there is nothing to say.
    """
    training = _training_signatures(tables, about)
    return mark(images, training, len(about.image_ids), keep=settings.near_duplicates == "kept")


def mark(
    images: pd.DataFrame, training: pd.DataFrame, trained_on: int, keep: bool
) -> tuple[pd.DataFrame, str]:
    """Do what `mark_near_duplicates` does, with the training images at hand.

    Parameters
    ----------
    training : pandas.DataFrame
        Columns `path` and `signature`: the training images of which these are known.
    trained_on : int
        How many training images there are.
    keep : bool
        Whether near-duplicates are counted only.
    """
    notes = [_lacking(trained_on - len(training), trained_on)] if len(training) < trained_on else []
    images, candidates = images.copy(), images[images["reason"].isna()]
    pairs = near_duplicates_between(
        signature_array(training["signature"]), signature_array(candidates["signature"])
    )
    if pairs is None:
        return images, "; ".join([*notes, _ALIKE])
    # The most similar pair of an image stands first.
    nearest = {pair.second: pair.first for pair in reversed(pairs)}
    if nearest:
        what = "kept" if keep else "left out"
        notes.append(f"{counted(len(nearest), 'near-duplicate')} of training images {what}")
    if not keep:
        for place, original in nearest.items():
            detail = f"near-duplicate of the training image {training['path'].iloc[original]}"
            row = candidates.index[place]
            images.loc[row, ["reason", "detail"]] = [str(Reason.near_duplicate), detail]
    return images, "; ".join(notes)


def _training_signatures(tables: Tables, about: About) -> pd.DataFrame:
    known = training_images(tables, about).where(F.col("signature").isNotNull())
    found: pd.DataFrame = known.select("image_id", "path", "signature").toArrow().to_pandas()
    return found.sort_values("image_id")


def _lacking(count: int, trained_on: int) -> str:
    which = "training images" if count == trained_on else f"{count} of {trained_on} training images"
    return f"near-duplicates of {which} could not be looked for: the table images lacks their signatures"
