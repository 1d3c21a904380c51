"""Collect feature vectors from Spark on the driver, as Arrow buffers without copies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from logistic.columns import as_matrix
from logistic.feature_rows import FeatureRows
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from covid_xray.errors import StageError
from covid_xray.progress import counted

# Images per query: 1.7 GB for Xception; spark.driver.maxResultSize is 3 GB.
_QUERY_IMAGES = 2048


def collect_rows(features: DataFrame, ids: Sequence[str]) -> FeatureRows:
    """Return the feature vectors of the images `ids`, one row each in that order.

    If an image has several rows, e.g. after a lost task attempt that still committed, one of them is used.

    Parameters
    ----------
    features : DataFrame
        Columns `image_id` and `features` (binary: float32, the same number in each row).
    ids : sequence of str

    Raises
    ------
    StageError
        If an image has no features.
    """
    row_of = {image_id: row for row, image_id in enumerate(ids)}
    blocks, row_numbers, missing = [], [], set(range(len(ids)))
    for start in range(0, len(ids), _QUERY_IMAGES):
        selected = F.col("image_id").isin(list(ids[start : start + _QUERY_IMAGES]))
        for batch in features.where(selected).select("image_id", "features").toArrow().to_batches():
            batch_ids = batch["image_id"].to_pylist()
            new = {row_of[image_id]: index for index, image_id in enumerate(batch_ids)}
            new = {row: index for row, index in new.items() if row in missing}
            block = as_matrix(batch["features"])
            blocks.append(block if len(new) == len(block) else block[list(new.values())])
            row_numbers.append(np.array(list(new), dtype=np.int64))
            missing.difference_update(new)
    if missing:
        first = ids[min(missing)]
        many = counted(len(missing), "image")
        raise StageError(f"no features of {many}, among them {first}: run featurize first")
    return FeatureRows(tuple(blocks), tuple(row_numbers))
