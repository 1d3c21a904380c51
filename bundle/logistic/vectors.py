"""Between Spark's columns of features and NumPy's matrices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.ml.functions import array_to_vector, vector_to_array
from pyspark.ml.linalg import DenseMatrix, VectorUDT
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.functions import arrow_udf  # type: ignore[attr-defined]
from pyspark.sql.types import ArrayType, BinaryType, DoubleType, FloatType

from logistic.errors import LogisticError

Array = npt.NDArray[np.float64]


def on_rows(function: Callable[[Array], Array]) -> Callable[[Column], Column]:
    """Make a Spark function of columns as `as_rows` returns them out of one of matrices; null stays null."""

    @arrow_udf(ArrayType(DoubleType()))  # type: ignore[untyped-decorator]
    def apply(batches: Iterator[pa.Array]) -> Iterator[pa.Array]:
        for batch in batches:
            missing = np.asarray(batch.is_null())
            if missing.all():
                yield pa.nulls(len(batch), pa.list_(pa.float64()))
                continue
            rows = batch.drop_null()
            found = function(as_matrix(rows))
            offsets = np.concatenate([[0], np.cumsum(np.where(missing, 0, found.shape[1]))])
            flat = pa.array(found.ravel())
            yield pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), flat, mask=pa.array(missing))

    function_: Any = apply
    return lambda column: function_(column)


def as_matrix(rows: pa.Array) -> npt.NDArray[Any]:
    """Return rows of numbers, or of packed float32, as a matrix that looks at them where they lie.

    Raises
    ------
    LogisticError
        If they are not all of one length.
    """
    packed = pa.types.is_binary(rows.type)
    lengths = (pc.binary_length if packed else pc.list_value_length)(rows).unique().to_pylist()
    if len(lengths) != 1 or (packed and lengths[0] % 4):
        raise LogisticError(f"rows of features must be of one length, but have {sorted(lengths)[:5]}")
    values: npt.NDArray[Any] = _packed(rows) if packed else rows.flatten().to_numpy(zero_copy_only=False)
    return values.reshape(len(rows), -1)


def _packed(rows: pa.BinaryArray) -> npt.NDArray[np.float32]:
    _, offsets, data = rows.buffers()
    ends = np.frombuffer(offsets, np.int32)[rows.offset : rows.offset + len(rows) + 1]
    return np.frombuffer(data, "<f4", count=(ends[-1] - ends[0]) // 4, offset=int(ends[0]))


def dense(matrix: Array) -> DenseMatrix:
    """Return a matrix in Spark's terms."""
    rows, columns = matrix.shape
    return DenseMatrix(rows, columns, matrix.ravel(), isTransposed=True)


def as_rows(dataset: DataFrame, name: str, dtype: Literal["float64", "float32"] = "float64") -> Column:
    """Return a column of features as `as_matrix` takes it: packed ones as they are, others as arrays."""
    return F.col(name) if _is_packed(dataset, name) else as_array(dataset, name, dtype)


def length(dataset: DataFrame, name: str) -> Column:
    """Return how many numbers each row of a column of features has."""
    if _is_packed(dataset, name):
        return (F.length(name) / 4).cast("int")
    return F.size(as_array(dataset, name))


def as_array(dataset: DataFrame, name: str, dtype: Literal["float64", "float32"] = "float64") -> Column:
    """Return vectors, arrays or packed features as arrays of numbers of one kind; null stays null."""
    if isinstance(dataset.schema[name].dataType, VectorUDT):
        # Spark's functions fail on a null, which an image that cannot be decoded has for features.
        return F.when(F.col(name).isNotNull(), vector_to_array(F.col(name), dtype))
    column = unpacked(F.col(name)) if _is_packed(dataset, name) else F.col(name)
    return column.cast(ArrayType(FloatType() if dtype == "float32" else DoubleType()))


def unpacked(packed: Column) -> Column:
    """Return packed features as `array<float>`, which Spark's own functions and estimators take."""

    @arrow_udf(ArrayType(FloatType()))  # type: ignore[untyped-decorator]
    def unpack(batch: pa.Array) -> pa.Array:
        rows = [None if row is None else np.frombuffer(row, "<f4") for row in batch.to_pylist()]
        return pa.array(rows, pa.list_(pa.float32()))

    column: Column = unpack(packed)
    return column


def as_vector(array: Column) -> Column:
    """Return arrays of double as vectors; null stays null."""
    return F.when(array.isNotNull(), array_to_vector(array))


def _is_packed(dataset: DataFrame, name: str) -> bool:
    return isinstance(dataset.schema[name].dataType, BinaryType)
