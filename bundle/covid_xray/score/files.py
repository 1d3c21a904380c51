"""Files that are to be shown to a model: which there are, by content, and their pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from radiograph import Reason, Refused, open_xray, walk_all

from covid_xray.ingest.inventory import told_apart

COLUMNS = ["path", "file", "image_id", "reason", "detail"]

_OPENED = "path STRING, image_id STRING, reason STRING, detail STRING, content BINARY"
_OPENED_SCHEMA = pa.schema(
    [*((name, pa.string()) for name in ("path", "image_id", "reason", "detail")), ("content", pa.binary())]
)


def take_stock(spark: SparkSession, root: Path) -> pd.DataFrame:
    """List all files below `root` with their sha256.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`, sorted by path. `reason` and `detail` say why a file is refused; of files with
        equal bytes the first stays.
    """
    return told_apart(spark, walk_all(root))[COLUMNS]


def opened(spark: SparkSession, files: pd.DataFrame, task_images: int) -> DataFrame:
    """Open files, some in each Spark task.

    Returns
    -------
    DataFrame
        Columns `path`, `image_id`, `content` (a picture that the networks' decoder takes), `reason`,
        `detail`; either `content` or `reason` is null.
    """
    listed = spark.createDataFrame(
        list(files[["path", "file", "image_id"]].itertuples(index=False, name=None)),
        "path STRING, file STRING, image_id STRING",
    )
    return listed.repartition(-(-len(files) // task_images)).mapInArrow(_open, _OPENED)


def _open(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    # One picture a batch: a decoded original may be large, and the encoded ones add up.
    for batch in batches:
        for row in batch.to_pylist():
            yield pa.RecordBatch.from_pylist([_open_row(row)], schema=_OPENED_SCHEMA)


def _open_row(row: dict[str, str]) -> dict[str, str | bytes | None]:
    found: dict[str, str | bytes | None] = {"path": row["path"], "image_id": row["image_id"]}
    try:
        return found | {"content": open_xray(Path(row["file"]).read_bytes()).content()}
    except Refused as refused:
        return found | {"reason": str(refused.reason), "detail": refused.detail}
    except OSError as error:
        return found | {"reason": str(Reason.unreadable), "detail": error.strerror}
