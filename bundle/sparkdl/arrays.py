"""Columns of numbers, arrays and vectors as arrays of float."""

from __future__ import annotations

from pyspark.ml.functions import vector_to_array
from pyspark.ml.linalg import VectorUDT
from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DataType, NumericType, StructType

from sparkdl.column import LISTS
from sparkdl.schema import quoted


def holds_arrays(kind: DataType) -> bool:
    """Tell whether a column of this type holds arrays of numbers, or vectors."""
    return isinstance(kind, VectorUDT) or (
        isinstance(kind, ArrayType) and isinstance(kind.elementType, NumericType)
    )


def as_arrays(schema: StructType, name: str) -> Column:
    """Return a column of which `holds_arrays` is true as arrays of float, null where it is null."""
    column = F.col(quoted(name))
    if isinstance(schema[name].dataType, VectorUDT):
        return F.when(column.isNotNull(), vector_to_array(column, "float32"))
    return column.cast(LISTS[0])
