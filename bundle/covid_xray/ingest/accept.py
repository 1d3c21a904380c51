"""Open new files and sort them into `images` or `quarantine`: the second pass over the data folder."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import functions as F
from radiograph import Xray

from covid_xray.ingest.inventory import tasks_for
from covid_xray.ingest.opened import listed, opened
from covid_xray.tables import Tables

# Of the columns of `images`, those that the file itself tells.
_COLUMNS = [
    ("width", pa.int32()),
    ("height", pa.int32()),
    ("format", pa.string()),
    ("mode", pa.string()),
    ("bytes", pa.int64()),
    ("content", pa.binary()),
]


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
    # Each file of the table holds a range of ids, so that who reads some of the images, as featurize does
    # in order of their ids, opens the few files that have them.
    ranges = listed(spark, files).repartitionByRange(tasks_for(len(files)), "image_id")
    # On disk, not in memory: both kinds of rows come from one reading, whatever the number of files.
    found = opened(ranges, _COLUMNS, _values).persist(StorageLevel.DISK_ONLY)
    try:
        known = spark.createDataFrame(_python_values(facts), _facts_ddl(tables))
        good = found.where(F.col("reason").isNull()).join(F.broadcast(known), "path", how="inner")
        tables.append("images", good)
        return found.where(F.col("reason").isNotNull()).select("path", "reason", "detail").toPandas()
    finally:
        found.unpersist()


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


def _values(xray: Xray) -> dict[str, Any]:
    return {
        "width": xray.width,
        "height": xray.height,
        "format": xray.format,
        "mode": xray.mode,
        "bytes": xray.file_size,
        "content": xray.content(),
    }
