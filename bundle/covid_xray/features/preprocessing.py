"""What of a picture reaches the network: all of it, or the lung field alone."""

# ruff: noqa: N802, N803 - camelCase is the Spark ML convention for Params, getters and setters

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
from pyspark import keyword_only
from pyspark.ml import Transformer
from pyspark.ml.param.shared import HasInputCol, HasOutputCol
from pyspark.ml.util import DefaultParamsReadable, DefaultParamsWritable
from pyspark.sql import Column, DataFrame
from pyspark.sql.functions import arrow_udf  # type: ignore[attr-defined]
from pyspark.sql.types import BinaryType
from radiograph import Refused, as_png, lung_field, open_xray


def prepared(content: Column, preprocessing: str) -> Column:
    """Return the files that a network is shown.

    Parameters
    ----------
    content : Column
        Encoded files (binary).
    preprocessing : str
        One of `PREPROCESSINGS`: `plain` gives `content` itself; `lungs` the lung fields as PNG files, null
        where a file does not open as an X-ray.
    """
    return PREPROCESSINGS[preprocessing](content)


def _as_they_are(content: Column) -> Column:
    return content


def _lung_fields(content: Column) -> Column:
    @arrow_udf(BinaryType())  # type: ignore[untyped-decorator]
    def cut(batch: pa.Array) -> pa.Array:
        return pa.array((_lung_field(value) for value in batch.to_pylist()), pa.binary())

    # Spark evaluates a deterministic function again for each filter above it.
    column: Column = cut.asNondeterministic()(content)
    return column


def _lung_field(file: bytes | None) -> bytes | None:
    if file is None:
        return None
    try:
        return as_png(lung_field(open_xray(file).picture))
    except Refused:
        return None


PREPROCESSINGS: dict[str, Callable[[Column], Column]] = {"plain": _as_they_are, "lungs": _lung_fields}


class LungField(
    Transformer, HasInputCol, HasOutputCol, DefaultParamsReadable["LungField"], DefaultParamsWritable
):
    """Cut the lung field out of X-rays: `prepared(..., "lungs")` as a stage of a pipeline that is saved.

    Parameters
    ----------
    inputCol : str
        A column of encoded files as bytes.
    outputCol : str
        A new column of PNG files as bytes; null where a file does not open as an X-ray.
    """

    @keyword_only
    def __init__(self, *, inputCol: str | None = None, outputCol: str | None = None) -> None:
        super().__init__()
        self._set(**self._input_kwargs)  # type: ignore[attr-defined]

    @keyword_only
    def setParams(self, *, inputCol: str | None = None, outputCol: str | None = None) -> LungField:
        """Set the named Params."""
        self._set(**self._input_kwargs)  # type: ignore[attr-defined]
        return self

    def setInputCol(self, value: str) -> LungField:
        """Set `inputCol`."""
        return self._set(inputCol=value)

    def setOutputCol(self, value: str) -> LungField:
        """Set `outputCol`."""
        return self._set(outputCol=value)

    def _transform(self, dataset: DataFrame) -> DataFrame:
        return dataset.withColumn(self.getOutputCol(), prepared(dataset[self.getInputCol()], "lungs"))
