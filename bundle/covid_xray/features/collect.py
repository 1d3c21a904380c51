"""Bring features from Spark to the driver: as Arrow, which is looked at where it lies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from logistic.columns import as_matrix
from logistic.feature_rows import FeatureRows
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from covid_xray.errors import StageError

# Images in one query: Xception's are 1.7 GB, and a result of Spark's may have 3.
_QUERY = 2048


def collect_rows(features: DataFrame, ids: Sequence[str]) -> FeatureRows:
    """Return the features of the images `ids`, a row each in their order.

    Where an image's stand twice, as after a task whose lost attempt went on somewhere, one copy counts.

    Parameters
    ----------
    features : DataFrame
        Columns `image_id` and `features` (binary: float32, equally many).
    ids : sequence of str

    Raises
    ------
    StageError
        If an image has no features.
    """
    row_of = {image_id: row for row, image_id in enumerate(ids)}
    pieces, places, missing = [], [], set(range(len(ids)))
    for start in range(0, len(ids), _QUERY):
        wanted = F.col("image_id").isin(list(ids[start : start + _QUERY]))
        for batch in features.where(wanted).select("image_id", "features").toArrow().to_batches():
            row_at = {row_of[image_id]: row for row, image_id in enumerate(batch["image_id"].to_pylist())}
            new = {place: row for place, row in row_at.items() if place in missing}
            piece = as_matrix(batch["features"])
            pieces.append(piece if len(new) == len(piece) else piece[list(new.values())])
            places.append(np.array(list(new), dtype=np.int64))
            missing.difference_update(new)
    if missing:
        first = ids[min(missing)]
        raise StageError(f"{len(missing)} images have no features, among them {first}: featurize comes first")
    return FeatureRows(tuple(pieces), tuple(places))
