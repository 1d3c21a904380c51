"""What of a picture reaches the network: all of it, or the lung field alone."""

# ruff: noqa: N802, N803 - camelCase is the Spark ML convention for Params, getters and setters

from __future__ import annotations

from typing import Any

import pyarrow as pa
from pyspark import keyword_only
from pyspark.ml import Transformer
from pyspark.ml.param.shared import HasInputCol, HasOutputCol
from pyspark.ml.util import DefaultParamsReadable, DefaultParamsWritable
from pyspark.sql import Column, DataFrame
from pyspark.sql.functions import arrow_udf  # type: ignore[attr-defined]
from pyspark.sql.pandas.types import to_arrow_type
from radiograph import Refused, lung_field, open_xray
from sparkdl import imageSchema

# OpenCV's code for unsigned bytes in one channel.
_GREY = 0


# Stored features are known by this: raise it when the pixels change that a network is shown.
# tests/unit/covid_xray/features/test_preprocessing.py holds it to their values.
VERSIONS = {"plain": 1, "lungs": 1}


def prepared(content: Column, preprocessing: str) -> Column:
    """Return the images that a network is shown.

    Parameters
    ----------
    content : Column
        Encoded files (binary).
    preprocessing : str
        `plain` gives `content` itself; `lungs` the lung fields in Spark's image schema, null where a file
        does not open as an X-ray.
    """
    return {"plain": _unchanged, "lungs": _lung_fields}[preprocessing](content)


def lung_field_of(file: bytes | None) -> dict[str, Any] | None:
    """Cut the lung field out of an encoded X-ray: a row of Spark's image schema, None where none opens."""
    if file is None:
        return None
    try:
        field = lung_field(open_xray(file).picture)
    except Refused:
        return None
    size = {"height": field.height, "width": field.width}
    return {"origin": "", **size, "nChannels": 1, "mode": _GREY, "data": field.tobytes()}


def _unchanged(content: Column) -> Column:
    return content


def _lung_fields(content: Column) -> Column:
    @arrow_udf(imageSchema)  # type: ignore[untyped-decorator]
    def cut(batch: pa.Array) -> pa.Array:
        return pa.array((lung_field_of(value) for value in batch.to_pylist()), to_arrow_type(imageSchema))

    # Spark evaluates a deterministic function again for each filter above it.
    column: Column = cut.asNondeterministic()(content)
    return column


class LungField(
    Transformer, HasInputCol, HasOutputCol, DefaultParamsReadable["LungField"], DefaultParamsWritable
):
    """Cut the lung field out of X-rays: `prepared(..., "lungs")` as a stage of a pipeline that is saved.

    Parameters
    ----------
    inputCol : str
        A column of encoded files as bytes.
    outputCol : str
        A new column in Spark's image schema; null where a file does not open as an X-ray.
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
