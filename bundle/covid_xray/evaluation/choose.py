"""Which images are explained where a map costs a pass through the network."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

# Images of a task, besides the missed ones.
SAMPLE = 24


def chosen(held_out: pd.DataFrame, classes: Sequence[str], sample: int = SAMPLE) -> list[str]:
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
    missed = ordered[(ordered["label"] == classes[0]) & (ordered["prediction"] != classes[0])]
    return sorted({*of_class["image_id"], *missed["image_id"]})
