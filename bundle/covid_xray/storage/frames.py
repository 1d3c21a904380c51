"""Convert pandas rows to Python values or Arrow, and split rows into parts that fit in a Spark DataFrame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

Row = Mapping[str, Any]

# Serverless compute rejects local relations over 128 MB; serialised values are slightly larger.
MAX_FRAME_BYTES = 100 * 10**6
# Bytes of a number, or of the offsets of a variable-length value.
_CELL_BYTES = 8
# Rows of a part of a table at most. Those of `predictions` take some 40 MB, of which Spark makes copies.
_PART_ROWS = 2**17


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a pandas DataFrame as dictionaries; missing values are None."""
    values = frame.astype(object).where(frame.notna(), None)
    return [dict(zip(frame.columns, row, strict=True)) for row in values.itertuples(index=False)]


def to_arrow(frame: pd.DataFrame) -> pa.Table:
    """Return a pandas DataFrame as an Arrow table, which keeps each text once; missing values are null."""
    return pa.table({name: _encoded(pa.Array.from_pandas(frame[name])) for name in frame})


def split_table(table: pa.Table, schema: pa.Schema, max_bytes: int = MAX_FRAME_BYTES) -> Iterator[pa.Table]:
    """Split an Arrow table into consecutive parts of at most `max_bytes` each.

    Parameters
    ----------
    schema : pyarrow.Schema
        The columns of the parts, without dictionaries. Those that `table` lacks are null.

    Yields
    ------
    pyarrow.Table
        At least one part, empty if there are no rows. A row over `max_bytes` is a part of its own.
    """
    for start in range(0, max(1, len(table)), _PART_ROWS):
        part = table.slice(start, _PART_ROWS)
        columns = [_plain(part, field) for field in schema]
        yield from _halves(pa.Table.from_arrays(columns, schema=schema), max_bytes)


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


def _encoded(column: pa.Array) -> pa.Array:
    return column.dictionary_encode() if pa.types.is_string(column.type) else column


def _plain(table: pa.Table, field: pa.Field) -> pa.Array | pa.ChunkedArray:
    """Return a column with its values in the place of the numbers that stand for them in a dictionary."""
    if field.name not in table.column_names:
        return pa.nulls(len(table), field.type)
    column = table[field.name]
    if pa.types.is_dictionary(column.type):
        # A cast does the same, but not for lists.
        decoded = [chunk.dictionary_decode() for chunk in column.chunks]
        column = pa.chunked_array(decoded, column.type.value_type)
    return column.cast(field.type)


def _halves(table: pa.Table, max_bytes: int) -> Iterator[pa.Table]:
    middle = len(table) // 2
    if not middle or table.nbytes <= max_bytes:
        yield table
        return
    yield from _halves(table.slice(0, middle), max_bytes)
    yield from _halves(table.slice(middle), max_bytes)


def _size(value: Any) -> int:
    """Return the approximate size in bytes of a serialised value."""
    if isinstance(value, bytes | str):
        return _CELL_BYTES + len(value)
    if isinstance(value, np.ndarray):
        return _CELL_BYTES + int(value.nbytes)
    if isinstance(value, list | tuple):
        return _CELL_BYTES + sum(map(_size, value))
    return _CELL_BYTES
