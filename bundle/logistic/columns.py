"""Convert between Spark columns of features and NumPy matrices, through Arrow."""

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


def matrix_udf(function: Callable[[Array], Array]) -> Callable[[Column], Column]:
    """Return a UDF that applies `function` to a column from `as_arrow` as a matrix; null stays null."""

    @arrow_udf(ArrayType(DoubleType()))  # type: ignore[untyped-decorator]
    def apply(batches: Iterator[pa.Array]) -> Iterator[pa.Array]:
        for batch in batches:
            missing = np.asarray(batch.is_null())
            if missing.all():
                yield pa.nulls(len(batch), pa.list_(pa.float64()))
                continue
            rows = batch.drop_null()
            result = function(as_matrix(rows))
            offsets = np.concatenate([[0], np.cumsum(np.where(missing, 0, result.shape[1]))])
            flat = pa.array(result.ravel())
            yield pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), flat, mask=pa.array(missing))

    udf: Any = apply
    return lambda column: udf(column)


def as_matrix(rows: pa.Array) -> npt.NDArray[Any]:
    """Return a matrix that is a view of rows of numbers, or of packed float32, without a copy.

    Raises
    ------
    LogisticError
        If the rows differ in length.
    """
    packed = pa.types.is_binary(rows.type)
    lengths = (pc.binary_length if packed else pc.list_value_length)(rows).unique().to_pylist()
    if len(lengths) != 1 or (packed and lengths[0] % 4):
        found = sorted(lengths)[:5]
        raise LogisticError(f"all rows of features must have one length, found {found}; remove the others")
    values: npt.NDArray[Any] = _packed(rows) if packed else rows.flatten().to_numpy(zero_copy_only=False)
    return values.reshape(len(rows), -1)


def _packed(rows: pa.BinaryArray) -> npt.NDArray[np.float32]:
    _, offsets, data = rows.buffers()
    ends = np.frombuffer(offsets, np.int32)[rows.offset : rows.offset + len(rows) + 1]
    return np.frombuffer(data, "<f4", count=(ends[-1] - ends[0]) // 4, offset=int(ends[0]))


def dense_matrix(matrix: Array) -> DenseMatrix:
    """Return a NumPy matrix as Spark's DenseMatrix."""
    rows, columns = matrix.shape
    return DenseMatrix(rows, columns, matrix.ravel(), isTransposed=True)


def as_arrow(dataset: DataFrame, name: str, dtype: Literal["float64", "float32"] = "float64") -> Column:
    """Return a column of features for `as_matrix`: packed features unchanged, others as arrays."""
    return F.col(name) if _is_packed(dataset, name) else as_array(dataset, name, dtype)


def feature_length(dataset: DataFrame, name: str) -> Column:
    """Return the number of features in each row of a column."""
    if _is_packed(dataset, name):
        return (F.length(name) / 4).cast("int")
    return F.size(as_array(dataset, name))


def as_array(dataset: DataFrame, name: str, dtype: Literal["float64", "float32"] = "float64") -> Column:
    """Return vectors, arrays or packed features as arrays of `dtype`; null stays null."""
    if isinstance(dataset.schema[name].dataType, VectorUDT):
        # Spark's function fails on null, which is the feature value of an image that cannot be decoded.
        return F.when(F.col(name).isNotNull(), vector_to_array(F.col(name), dtype))
    column = unpack_features(F.col(name)) if _is_packed(dataset, name) else F.col(name)
    return column.cast(ArrayType(FloatType() if dtype == "float32" else DoubleType()))


def unpack_features(packed: Column) -> Column:
    """Return packed features as `array<float>`, which Spark's own functions and estimators accept."""

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
