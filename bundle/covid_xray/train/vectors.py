"""Between Spark's columns of vectors and NumPy's matrices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.ml.functions import array_to_vector, vector_to_array
from pyspark.ml.linalg import DenseMatrix, VectorUDT
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.functions import arrow_udf  # type: ignore[attr-defined]
from pyspark.sql.types import ArrayType, DoubleType, FloatType

Array = npt.NDArray[np.float64]


def on_rows(function: Callable[[Array], Array]) -> Callable[[Column], Column]:
    """Make a Spark function of arrays of double out of one of matrices; null stays null."""

    @arrow_udf(ArrayType(DoubleType()))  # type: ignore[untyped-decorator]
    def apply(batches: Iterator[pa.Array]) -> Iterator[pa.Array]:
        for batch in batches:
            missing = np.asarray(batch.is_null())
            if missing.all():
                yield pa.nulls(len(batch), pa.list_(pa.float64()))
                continue
            rows = batch.drop_null()
            found = function(rows.flatten().to_numpy(zero_copy_only=False).reshape(len(rows), -1))
            offsets = np.concatenate([[0], np.cumsum(np.where(missing, 0, found.shape[1]))])
            flat = pa.array(found.ravel())
            yield pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), flat, mask=pa.array(missing))

    function_: Any = apply
    return lambda column: function_(column)


def dense(matrix: Array) -> DenseMatrix:
    """Return a matrix in Spark's terms."""
    rows, columns = matrix.shape
    return DenseMatrix(rows, columns, matrix.ravel(), isTransposed=True)


def as_array(dataset: DataFrame, name: str, dtype: Literal["float64", "float32"] = "float64") -> Column:
    """Return a column of vectors or arrays as arrays of numbers of one kind; null stays null."""
    if isinstance(dataset.schema[name].dataType, VectorUDT):
        # Spark's functions fail on a null, which an image that cannot be decoded has for features.
        return F.when(F.col(name).isNotNull(), vector_to_array(F.col(name), dtype))
    return F.col(name).cast(ArrayType(FloatType() if dtype == "float32" else DoubleType()))


def as_vector(array: Column) -> Column:
    """Return arrays of double as vectors; null stays null."""
    return F.when(array.isNotNull(), array_to_vector(array))
