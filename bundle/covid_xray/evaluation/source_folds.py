"""Folds that are sources: whether a classifier trained elsewhere holds on the images of one source."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd


def obstacle(images: pd.DataFrame, classes: Sequence[str]) -> str:
    """Return why sources cannot be left out one by one; empty if they can.

    Two sources at least must hold every class, so that each can be held out and leaves every class in
    training. An image whose source is not known could be of the source that is held out, and so could other
    images of a patient who has some in two sources.

    Parameters
    ----------
    images : pandas.DataFrame
        Columns `label`, `patient_id` and `source`, missing where not known: the images of one task.
    """
    unknown = int(images["source"].isna().sum())
    if unknown == len(images):
        return "the source of no image is known"
    if unknown:
        return f"the source of {unknown} of {len(images)} images is not known"
    if images["source"].nunique() == 1:
        return "all images come from one source"
    if len(sources_of_all(images, classes)) < 2:
        of_class = images.groupby("label")["source"].nunique()
        if (of_class == 1).all():
            return "the images of each class come from one source"
        return "fewer than two sources hold images of every class"
    in_two = int((images.groupby("patient_id")["source"].nunique() > 1).sum())
    if in_two:
        return f"{in_two} {'patient has' if in_two == 1 else 'patients have'} images of two sources or more"
    return ""


def sources_of_all(images: pd.DataFrame, classes: Sequence[str]) -> list[str]:
    """Return the sources that hold images of every class, sorted."""
    labels = images.groupby("source")["label"].agg(set)
    return sorted(str(source) for source, held in labels.items() if held.issuperset(classes))


def source_folds(images: pd.DataFrame, classes: Sequence[str]) -> pd.Series[int]:
    """Return the fold of each image: the place of its source in `sources_of_all`, null for other sources.

    Images without a fold are always in training.
    """
    places = {source: place for place, source in enumerate(sources_of_all(images, classes))}
    return images["source"].map(places).astype("Int64")
