"""Maps as rows of the table `explanations`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from covid_xray.evaluation.explanations import Box, box_shares
from covid_xray.stages.explain.maps import Maps

_KNOWN = ["protocol", "repeat", "fold", "image_id", "patient_id", "label", "prediction"]


@dataclass(frozen=True)
class Explained:
    """Images of one task that one model did not see, and its maps of them.

    Attributes
    ----------
    predictions : pandas.DataFrame
        As of `covid_xray.evaluation.cross_validation.Fold`.
    maps : ndarray of float32, shape (images, classes, cells)
    """

    task: str
    predictions: pd.DataFrame
    maps: Maps


def records(explained: Explained, classes: Sequence[str], box: Box) -> Iterator[dict[str, Any]]:
    """Yield an image's row, without what is the same for the whole run."""
    known, maps = explained.predictions[_KNOWN], explained.maps
    codes = [classes.index(name) for name in known["prediction"]]
    shares = box_shares(maps[np.arange(len(maps)), codes], box)
    same = {"task": explained.task, "classes": list(classes), "grid": round(maps.shape[2] ** 0.5)}
    for values, map_, share in zip(known.itertuples(index=False), maps, shares.tolist(), strict=True):
        # A null, where a map is positive nowhere.
        found = {"maps": map_.ravel().tolist(), "box_share": None if np.isnan(share) else share}
        yield {**same, **dict(zip(_KNOWN, values, strict=True)), **found}
