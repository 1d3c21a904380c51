"""Decode new files and sort them into `images` or `quarantine`: the second pass over the data folder."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
from pyspark.sql import functions as F
from radiograph import Reason, Xray

from covid_xray.dataset.decode import decode_files, to_dataframe
from covid_xray.dataset.inventory import FILES_AT_ONCE, tasks_for
from covid_xray.storage.tables import Tables

# The columns of `images` that are read from the file itself.
_COLUMNS = [
    ("width", pa.int32()),
    ("height", pa.int32()),
    ("format", pa.string()),
    ("mode", pa.string()),
    ("bytes", pa.int64()),
    ("content", pa.binary()),
]

_REFUSED = ["path", "reason", "detail"]
_CHANGED = "it could not be opened at first, but could a moment later: run the same command again"


def accept(tables: Tables, files: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Append the files that can be decoded to `images`, and return the others.

    Parameters
    ----------
    files : pandas.DataFrame
        Columns `path`, `file`, `image_id`: files that `images` does not hold yet.
    facts : pandas.DataFrame
        Per `path`: `label`, `patient_id`, `source` and the `original_*` columns of `images`.

    Returns
    -------
    pandas.DataFrame
        Columns `path`, `reason`, `detail`.
    """
    parts = [files.iloc[start : start + FILES_AT_ONCE] for start in range(0, len(files), FILES_AT_ONCE)]
    refused = [_accept(tables, part, facts[facts["path"].isin(part["path"])]) for part in parts]
    return pd.concat([pd.DataFrame(columns=_REFUSED, dtype="object"), *refused], ignore_index=True)


def _accept(tables: Tables, files: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    spark = tables.spark
    # Each file of the table holds a range of ids, so that a reader of some images, such as
    # featurize, which takes them in order of their ids, opens only the few files that have them.
    ranges = to_dataframe(spark, files).repartitionByRange(tasks_for(len(files)), "image_id")
    good = decode_files(ranges, _COLUMNS, _values).where(F.col("reason").isNull())
    known = spark.createDataFrame(_python_values(facts), _facts_ddl(tables))
    tables.append("images", good.join(F.broadcast(known), "path", how="inner"))
    there = tables.read("images").select("image_id").toArrow()["image_id"].to_pylist()
    return _refusals(tables, files[~files["image_id"].isin(there)])


def _refusals(tables: Tables, files: pd.DataFrame) -> pd.DataFrame:
    """Decode once more the few files that were not accepted, and return why."""
    if files.empty:
        return pd.DataFrame(columns=_REFUSED, dtype="object")
    rows = to_dataframe(tables.spark, files).repartition(tasks_for(len(files)))
    found = decode_files(rows, [], lambda xray: {}).select(*_REFUSED).toPandas()
    changed = found["reason"].isna()
    found.loc[changed, ["reason", "detail"]] = [str(Reason.unreadable), _CHANGED]
    return found


def _facts_ddl(tables: Tables) -> str:
    given = ["path", "label", "patient_id", "source"]
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
