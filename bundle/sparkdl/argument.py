"""What a function of one column is given, checked on the workers: a query of SQL is not seen before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
from pyspark.sql.pandas.types import from_arrow_type
from pyspark.sql.types import DataType, NullType

from sparkdl.errors import SchemaError

# As much of a type as can be read in one line.
_SHOWN = 100


def checked(batch: Any, function: str, holds: Callable[[DataType], bool], expected: str) -> pa.Array:
    """Return the values of the one column that a function of SQL was given.

    Parameters
    ----------
    batch : pyarrow.Array or tuple of pyarrow.Array
        What Spark gives to it: a tuple if it was called with several columns.
    function : str
        Its name, for the message.
    holds : callable
        Tells whether a type is one that it takes. A literal NULL has a type of its own, which is taken.
    expected : str
        What it takes, in words.

    Raises
    ------
    SchemaError
        If it was given several columns, or one of another type.
    """
    if isinstance(batch, tuple):
        raise SchemaError(f"{function} takes one column, {expected}, and was given {len(batch)}")
    kind = from_arrow_type(batch.type)
    if not (isinstance(kind, NullType) or holds(kind)):
        raise SchemaError(f"{function} takes {expected}, and was given {kind.simpleString()[:_SHOWN]}")
    return batch
