"""Decode files on the workers; a file that cannot be decoded gets the reason instead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema
from radiograph import Reason, Refused, Xray, open_xray

# Columns of `images` that are read from the file itself, beside its pixels.
FACTS = [
    ("width", pa.int32()),
    ("height", pa.int32()),
    ("format", pa.string()),
    ("mode", pa.string()),
    ("bytes", pa.int64()),
]

_ABOUT = [(name, pa.string()) for name in ("path", "image_id", "reason", "detail")]


def facts_of(xray: Xray) -> dict[str, Any]:
    """Return the values of `FACTS`."""
    return {
        "width": xray.width,
        "height": xray.height,
        "format": xray.format,
        "mode": xray.mode,
        "bytes": xray.file_size,
    }


def to_dataframe(spark: SparkSession, files: pd.DataFrame) -> DataFrame:
    """Return the columns that the workers need: `path`, `file`, `image_id`."""
    names = ["path", "file", "image_id"]
    return spark.createDataFrame(files[names], ", ".join(f"{name} STRING" for name in names))


def decode_files(
    files: DataFrame, columns: Sequence[tuple[str, pa.DataType]], values: Callable[[Xray], Mapping[str, Any]]
) -> DataFrame:
    """Decode the files of `to_dataframe` on the workers.

    Parameters
    ----------
    columns : sequence of (str, pyarrow.DataType)
        Names and types of what `values` returns.
    values : callable
        Returns the values of `columns` for a decoded X-ray, by name, or raises `radiograph.Refused`.

    Returns
    -------
    DataFrame
        `path`, `image_id`, `reason`, `detail` and `columns`; either `columns` or `reason` is null.
    """
    schema = pa.schema([*_ABOUT, *columns])

    def decode_each(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        # One image per batch: a decoded original may be large, and encoded images add up.
        for batch in batches:
            for row in batch.to_pylist():
                found = {"path": row["path"], "image_id": row["image_id"]} | _decode(row["file"], values)
                yield pa.RecordBatch.from_pylist([found], schema=schema)

    return files.mapInArrow(decode_each, from_arrow_schema(schema))


def _decode(file: str, values: Callable[[Xray], Mapping[str, Any]]) -> dict[str, Any]:
    try:
        return dict(values(open_xray(Path(file).read_bytes())))
    except Refused as refused:
        return {"reason": str(refused.reason), "detail": refused.detail}
    except OSError as error:
        return {"reason": str(Reason.unreadable), "detail": error.strerror}
