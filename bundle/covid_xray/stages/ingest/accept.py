"""Open new files and sort them into `images` or `quarantine`: the second pass over the data folder."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
from pyspark.sql import functions as F
from radiograph import Reason, Xray

from covid_xray.dataset.decode import listed, opened
from covid_xray.dataset.inventory import FILES_AT_ONCE, tasks_for
from covid_xray.storage.tables import Tables

# Of the columns of `images`, those that the file itself tells.
_COLUMNS = [
    ("width", pa.int32()),
    ("height", pa.int32()),
    ("format", pa.string()),
    ("mode", pa.string()),
    ("bytes", pa.int64()),
    ("content", pa.binary()),
]

_REFUSED = ["path", "reason", "detail"]
_CHANGED = "it could not be opened at first, and a moment later it could: run this again"


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
    parts = [files.iloc[start : start + FILES_AT_ONCE] for start in range(0, len(files), FILES_AT_ONCE)]
    refused = [_accept(tables, part, facts[facts["path"].isin(part["path"])]) for part in parts]
    return pd.concat([pd.DataFrame(columns=_REFUSED, dtype="object"), *refused], ignore_index=True)


def _accept(tables: Tables, files: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    spark = tables.spark
    # Each file of the table holds a range of ids, so that who reads some of the images, as featurize does
    # in order of their ids, opens the few files that have them.
    ranges = listed(spark, files).repartitionByRange(tasks_for(len(files)), "image_id")
    good = opened(ranges, _COLUMNS, _values).where(F.col("reason").isNull())
    known = spark.createDataFrame(_python_values(facts), _facts_ddl(tables))
    tables.append("images", good.join(F.broadcast(known), "path", how="inner"))
    there = tables.read("images").select("image_id").toArrow()["image_id"].to_pylist()
    return _refusals(tables, files[~files["image_id"].isin(there)])


def _refusals(tables: Tables, files: pd.DataFrame) -> pd.DataFrame:
    """Open once more what was not accepted, which is little, and return why."""
    if files.empty:
        return pd.DataFrame(columns=_REFUSED, dtype="object")
    rows = listed(tables.spark, files).repartition(tasks_for(len(files)))
    found = opened(rows, [], lambda xray: {}).select(*_REFUSED).toPandas()
    changed = found["reason"].isna()
    found.loc[changed, ["reason", "detail"]] = [str(Reason.unreadable), _CHANGED]
    return found


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
