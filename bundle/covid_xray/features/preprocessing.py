"""Preprocessing of images before the network: none, or cropping to the lung field."""

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

# Part of the feature key: increment a version when the network's input pixels change.
# tests/unit/covid_xray/features/test_preprocessing.py checks the pixels of each version.
VERSIONS = {"plain": 1, "lungs": 1}


def preprocessed(content: Column, preprocessing: str) -> Column:
    """Return the input images of a network.

    Parameters
    ----------
    content : Column
        Encoded files (binary).
    preprocessing : str
        `plain` returns `content` itself; `lungs` the lung fields in Spark's image schema, null if a file
        cannot be opened as an X-ray.
    """
    return {"plain": _unchanged, "lungs": _lung_fields}[preprocessing](content)


def lung_field_of(file: bytes | None) -> dict[str, Any] | None:
    """Crop an encoded X-ray to its lung field, in Spark's image schema; None if it cannot be opened."""
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

    # Spark re-evaluates a deterministic function for each filter above it.
    column: Column = cut.asNondeterministic()(content)
    return column


class LungField(
    Transformer, HasInputCol, HasOutputCol, DefaultParamsReadable["LungField"], DefaultParamsWritable
):
    """Crop X-rays to the lung field: `preprocessed(..., "lungs")` as a stage of a saved pipeline.

    Parameters
    ----------
    inputCol : str
        A column of encoded files as bytes.
    outputCol : str
        A new column in Spark's image schema; null if a file cannot be opened as an X-ray.
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
        return dataset.withColumn(self.getOutputCol(), preprocessed(dataset[self.getInputCol()], "lungs"))
