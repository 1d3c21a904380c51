"""Bring features from Spark to the driver, in slices, so that no second copy of all of them exists."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from covid_xray.errors import StageError


def collect_matrix(features: DataFrame, ids: Sequence[str], slice_rows: int) -> npt.NDArray[np.float32]:
    """Return the features of the images `ids`, a row each in their order.

    Parameters
    ----------
    features : DataFrame
        Columns `image_id` and `features` (array of float, equally long).
    ids : sequence of str
    slice_rows : int
        Images fetched at a time; one slice exists beside the result.

    Raises
    ------
    StageError
        If an image has no features.
    """
    matrix: npt.NDArray[np.float32] | None = None
    seen = np.zeros(len(ids), dtype=bool)
    row_of = {image_id: row for row, image_id in enumerate(ids)}
    for start in range(0, len(ids), slice_rows):
        wanted = F.col("image_id").isin(list(ids[start : start + slice_rows]))
        table = features.where(wanted).select("image_id", "features").toArrow()
        if not len(table):
            continue
        rows = [row_of[image_id] for image_id in table["image_id"].to_pylist()]
        values = _values(table["features"], len(table))
        if matrix is None:
            matrix = np.empty((len(ids), values.shape[1]), np.float32)
        matrix[rows] = values
        seen[rows] = True
    if matrix is None or not seen.all():
        missing = [image_id for image_id, there in zip(ids, seen, strict=True) if not there]
        raise StageError(
            f"{len(missing)} images have no features, among them {missing[0]}: featurize comes first"
        )
    return matrix


def _values(lists: pa.ChunkedArray, rows: int) -> npt.NDArray[np.float32]:
    flat = np.concatenate([chunk.flatten().to_numpy(zero_copy_only=False) for chunk in lists.chunks])
    values: npt.NDArray[np.float32] = flat.reshape(rows, -1)
    return values
