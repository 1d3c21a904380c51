"""Refuse files that show the picture of another file, though their bytes differ: the last look at a folder.

A copy in another format, or with another comment, would otherwise stand on both sides of a fold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd
import pyarrow as pa
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema
from radiograph import Refused, open_xray, pixel_id, signature

from covid_xray.dataset.inventory import mark_duplicates
from covid_xray.storage.frames import records
from covid_xray.storage.tables import Tables

_SCHEMA = pa.schema([("image_id", pa.string()), ("pixel_id", pa.string()), ("signature", pa.binary())])


def refuse_same_pixels(tables: Tables, files: pd.DataFrame, ids: pd.DataFrame) -> pd.DataFrame:
    """Return files with those refused that show the same picture as another one.

    Parameters
    ----------
    files : pandas.DataFrame
        Columns `path`, `label`, `image_id`, `reason` and `detail`, sorted by path; all are in `images`.
    ids : pandas.DataFrame
        `image_id` and `pixel_id` of these images, as the table has them, and whether it has a signature,
        `signed`.
    """
    if ids["pixel_id"].isna().any() or not ids["signed"].all():
        _compute_missing(tables)
        ids = tables.read("images").select("image_id", "pixel_id").toArrow().to_pandas()
    of_image = ids.drop_duplicates("image_id").set_index("image_id")["pixel_id"]
    marked = mark_duplicates(files.assign(pixel_id=files["image_id"].map(of_image)), "pixel_id", "pixels")
    return marked.drop(columns="pixel_id")


def _compute_missing(tables: Tables) -> None:
    """Fill both columns in rows that earlier versions wrote."""
    lacks = F.col("pixel_id").isNull() | F.col("signature").isNull()
    missing = tables.read("images").where(lacks).select("image_id", "content")
    found = missing.mapInArrow(_fingerprints, from_arrow_schema(_SCHEMA)).toArrow().to_pandas()
    tables.update_rows("images", records(found), key="image_id")


def _fingerprints(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        found = [{"image_id": row["image_id"]} | _fingerprint(row["content"]) for row in batch.to_pylist()]
        yield pa.RecordBatch.from_pylist(found, schema=_SCHEMA)


def _fingerprint(content: bytes) -> dict[str, str | bytes]:
    try:
        picture = open_xray(content).picture
    except Refused:
        # An earlier version accepted it, so runs may use it; its twins stay unknown.
        return {}
    return {"pixel_id": pixel_id(picture), "signature": signature(picture)}
