"""Open new files and sort them into `images` or `quarantine`: the second pass over the data folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import functions as F
from radiograph import Reason, Refused, open_xray

from covid_xray.ingest.inventory import tasks_for
from covid_xray.tables import Tables

_FACTS = "width INT, height INT, format STRING, mode STRING, bytes BIGINT, content BINARY"
_OPENED = f"path STRING, image_id STRING, reason STRING, detail STRING, {_FACTS}"
_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("path", "image_id", "reason", "detail")),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("format", pa.string()),
        ("mode", pa.string()),
        ("bytes", pa.int64()),
        ("content", pa.binary()),
    ]
)


def accept(tables: Tables, files: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Append the openable among `files` to `images` and return the refused.

    Parameters
    ----------
    files : pandas.DataFrame
        Columns `path`, `file`, `image_id`: files that `images` does not hold yet.
    facts : pandas.DataFrame
        Per `path`: `label`, `patient_id` and the `original_*` columns of `images`.

    Returns
    -------
    pandas.DataFrame
        Columns `path`, `reason`, `detail`.
    """
    if files.empty:
        return pd.DataFrame({"path": [], "reason": [], "detail": []}, dtype="object")
    spark = tables.spark
    listed = spark.createDataFrame(
        files[["path", "file", "image_id"]], "path STRING, file STRING, image_id STRING"
    )
    # Each file of the table holds a range of ids, so that who reads some of the images, as featurize does
    # in order of their ids, opens the few files that have them.
    ranges = listed.repartitionByRange(tasks_for(len(files)), "image_id")
    # On disk, not in memory: both kinds of rows come from one reading, whatever the number of files.
    opened = ranges.mapInArrow(_open, _OPENED).persist(StorageLevel.DISK_ONLY)
    try:
        known = spark.createDataFrame(_python_values(facts), _facts_ddl(tables))
        good = opened.where(F.col("reason").isNull()).join(F.broadcast(known), "path", how="inner")
        tables.append("images", good)
        return opened.where(F.col("reason").isNotNull()).select("path", "reason", "detail").toPandas()
    finally:
        opened.unpersist()


def _facts_ddl(tables: Tables) -> str:
    given = ["path", "label", "patient_id"]
    fields = {f.name: f.dataType.simpleString() for f in tables.columns("images")}
    originals = [name for name in fields if name.startswith("original_")]
    return ", ".join(f"{name} {fields[name]}" for name in [*given, *originals])


def _python_values(facts: pd.DataFrame) -> list[tuple[Any, ...]]:
    # pandas turns whole numbers beside missing ones into floats, which Spark refuses for integers.
    columns = [[_python_value(value) for value in facts[name]] for name in facts]
    return list(zip(*columns, strict=True))


def _python_value(value: Any) -> Any:
    if pd.isna(value):
        return None
    return int(value) if isinstance(value, float) else value


def _open(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    # One picture a batch: a decoded original may be large, and the encoded ones add up.
    for batch in batches:
        for row in batch.to_pylist():
            yield pa.RecordBatch.from_pylist([_open_row(row)], schema=_SCHEMA)


def _open_row(row: dict[str, Any]) -> dict[str, Any]:
    opened = {"path": row["path"], "image_id": row["image_id"]}
    try:
        xray = open_xray(Path(row["file"]).read_bytes())
    except Refused as refused:
        return opened | {"reason": str(refused.reason), "detail": refused.detail}
    except OSError as error:
        return opened | {"reason": str(Reason.unreadable), "detail": error.strerror}
    return opened | {
        "width": xray.width,
        "height": xray.height,
        "format": xray.format,
        "mode": xray.mode,
        "bytes": xray.file_size,
        "content": xray.content(),
    }
