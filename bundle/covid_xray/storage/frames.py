"""Convert pandas rows to Python values, and split rows into parts that fit in one Spark DataFrame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

Row = Mapping[str, Any]

# Serverless compute rejects local relations over 128 MB; serialised values are slightly larger.
MAX_FRAME_BYTES = 100 * 10**6
# Bytes of a number, or of the offsets of a variable-length value.
_CELL_BYTES = 8


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a pandas DataFrame as dictionaries; missing values are None."""
    values = frame.astype(object).where(frame.notna(), None)
    return [dict(zip(frame.columns, row, strict=True)) for row in values.itertuples(index=False)]


def split_rows(rows: Sequence[Row], max_bytes: int = MAX_FRAME_BYTES) -> Iterator[Sequence[Row]]:
    """Split rows into consecutive parts of at most `max_bytes` each.

    Yields
    ------
    sequence of mappings
        At least one part, empty if there are no rows. A row over `max_bytes` is a part of its own.
    """
    start, size = 0, 0
    for index, row in enumerate(rows):
        row_size = sum(map(_size, row.values()))
        if index > start and size + row_size > max_bytes:
            yield rows[start:index]
            start, size = index, 0
        size += row_size
    yield rows[start:]


def _size(value: Any) -> int:
    """Return the approximate size in bytes of a serialised value."""
    if isinstance(value, bytes | str):
        return _CELL_BYTES + len(value)
    if isinstance(value, np.ndarray):
        return _CELL_BYTES + int(value.nbytes)
    if isinstance(value, list | tuple):
        return _CELL_BYTES + sum(map(_size, value))
    return _CELL_BYTES
