"""Decode new files into `images` or `quarantine`: the second pass over the data folder."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import StructType
from radiograph import Reason, Xray, pixel_id, signature

from covid_xray.dataset.decode import FACTS, decode_files, facts_of, to_dataframe
from covid_xray.dataset.inventory import FILES_AT_ONCE, tasks_for
from covid_xray.storage.tables import Tables

# The columns of `images` that are read from the file itself.
_COLUMNS = [
    *FACTS,
    ("content", pa.binary()),
    ("pixel_id", pa.string()),
    ("signature", pa.binary()),
]

_REFUSED = ["path", "reason", "detail"]
_STORED = ["image_id", "pixel_id"]
_CHANGED = "it could be opened only at the second attempt: run ingest again"


def accept(tables: Tables, files: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Append the readable ones of `files` to `images`; return the refused ones, and the ids of the others.

    Parameters
    ----------
    files : pandas.DataFrame
        Columns `path`, `file`, `image_id`, `label`, `patient_id`, `source`, `view`, `sex`, `age` and the
        `original_*` columns of `images`: files that are not in `images` yet.

    Returns
    -------
    refused : pandas.DataFrame
        Columns `path`, `reason`, `detail`.
    stored : pandas.DataFrame
        Columns `image_id`, `pixel_id`.
    """
    # In the order of ids, so that the data files of all commits together hold ranges of ids.
    ordered = files.sort_values("image_id")
    parts = [ordered.iloc[start : start + FILES_AT_ONCE] for start in range(0, len(files), FILES_AT_ONCE)]
    found = [_accept(tables, part) for part in parts]
    none = (pd.DataFrame(columns=names, dtype="object") for names in (_REFUSED, _STORED))
    refused, stored = (
        pd.concat([empty, *each], ignore_index=True)
        for empty, each in zip(none, zip(*found, strict=True) if found else ((), ()), strict=True)
    )
    return refused, stored


def _accept(tables: Tables, files: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Store a part of the files: those with ids between its first and its last."""
    # Each data file of the table holds a range of ids, so that a reader of some images, as featurize in the
    # order of ids, opens few files.
    ranges = to_dataframe(tables.spark, files).repartitionByRange(tasks_for(len(files)), "image_id")
    good = decode_files(ranges, _COLUMNS, _values).where(F.col("reason").isNull())
    tables.append("images", good.join(F.broadcast(_facts(tables, files)), "path", how="inner"))
    part = F.col("image_id").between(files["image_id"].iloc[0], files["image_id"].iloc[-1])
    stored = tables.read("images").where(part).select(*_STORED).toArrow().to_pandas()
    return _refusals(tables, files[~files["image_id"].isin(stored["image_id"])]), stored


def _refusals(tables: Tables, files: pd.DataFrame) -> pd.DataFrame:
    """Open the few files that were not accepted once more, and return the reasons."""
    if files.empty:
        return pd.DataFrame(columns=_REFUSED, dtype="object")
    rows = to_dataframe(tables.spark, files).repartition(tasks_for(len(files)))
    refused = decode_files(rows, [], lambda xray: {}).select(*_REFUSED).toPandas()
    changed = refused["reason"].isna()
    refused.loc[changed, ["reason", "detail"]] = [str(Reason.unreadable), _CHANGED]
    return refused


def _facts(tables: Tables, files: pd.DataFrame) -> DataFrame:
    """Return the columns of `images` that are not read from the file itself, beside the path."""
    names = [name for name in tables.columns("images").names if name in files and name != "image_id"]
    schema = StructType([tables.columns("images")[name] for name in names])
    # Arrow takes the floats into which pandas converts integers beside missing values.
    values = pa.Table.from_pandas(files[names], to_arrow_schema(schema), preserve_index=False)
    return tables.spark.createDataFrame(values, schema)


def _values(xray: Xray) -> dict[str, Any]:
    return facts_of(xray) | {
        "content": xray.content(),
        "pixel_id": pixel_id(xray.picture),
        "signature": signature(xray.picture),
    }
