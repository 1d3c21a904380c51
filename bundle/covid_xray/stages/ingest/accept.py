"""Decode new files into `images` or `quarantine`: the second pass over the data folder."""

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
_CHANGED = "it could be opened only at the second attempt: run ingest again"


def accept(tables: Tables, files: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Append the readable ones of `files` to `images` and return the refused ones.

    Parameters
    ----------
    files : pandas.DataFrame
        Columns `path`, `file`, `image_id`: files that are not in `images` yet.
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
    # Each data file of the table holds a range of ids, so that a reader of some images, as featurize in the
    # order of ids, opens few files.
    ranges = to_dataframe(spark, files).repartitionByRange(tasks_for(len(files)), "image_id")
    good = decode_files(ranges, _COLUMNS, _values).where(F.col("reason").isNull())
    facts_frame = spark.createDataFrame(_python_values(facts), _facts_ddl(tables))
    tables.append("images", good.join(F.broadcast(facts_frame), "path", how="inner"))
    stored = tables.read("images").select("image_id").toArrow()["image_id"].to_pylist()
    return _refusals(tables, files[~files["image_id"].isin(stored)])


def _refusals(tables: Tables, files: pd.DataFrame) -> pd.DataFrame:
    """Open the few files that were not accepted once more, and return the reasons."""
    if files.empty:
        return pd.DataFrame(columns=_REFUSED, dtype="object")
    rows = to_dataframe(tables.spark, files).repartition(tasks_for(len(files)))
    refused = decode_files(rows, [], lambda xray: {}).select(*_REFUSED).toPandas()
    changed = refused["reason"].isna()
    refused.loc[changed, ["reason", "detail"]] = [str(Reason.unreadable), _CHANGED]
    return refused


def _facts_ddl(tables: Tables) -> str:
    common = ["path", "label", "patient_id", "source"]
    fields = {f.name: f.dataType.simpleString() for f in tables.columns("images")}
    originals = [name for name in fields if name.startswith("original_")]
    return ", ".join(f"{name} {fields[name]}" for name in [*common, *originals])


def _python_values(facts: pd.DataFrame) -> list[tuple[Any, ...]]:
    # pandas converts integers to floats in columns with missing values, which Spark does not accept.
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
