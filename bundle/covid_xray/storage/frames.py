"""Rows of Python values cut into parts that a Spark session takes in one piece."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

Row = Mapping[str, Any]

# Serverless compute refuses a local relation of more than 128 MB; values are a little larger on their way.
LARGEST_FRAME = 100 * 10**6
# A number, or where a value of any length begins and ends.
_CELL = 8


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame of pandas; what is missing is None."""
    values = frame.astype(object).where(frame.notna(), None)
    return [dict(zip(frame.columns, row, strict=True)) for row in values.itertuples(index=False)]


def in_frames(rows: Sequence[Row], largest: int = LARGEST_FRAME) -> Iterator[Sequence[Row]]:
    """Cut rows into as many parts as it takes for none to be larger than `largest` bytes.

    Yields
    ------
    sequence of mappings
        At least one part, empty if there are no rows. A row that is larger by itself is a part of its own.
    """
    start, size = 0, 0
    for place, row in enumerate(rows):
        added = sum(map(_size, row.values()))
        if place > start and size + added > largest:
            yield rows[start:place]
            start, size = place, 0
        size += added
    yield rows[start:]


def _size(value: Any) -> int:
    """Return how many bytes a value takes on its way to Spark, about."""
    if isinstance(value, bytes | str):
        return _CELL + len(value)
    if isinstance(value, np.ndarray):
        return _CELL + int(value.nbytes)
    if isinstance(value, list | tuple):
        return _CELL + sum(map(_size, value))
    return _CELL
