"""Preprocessing of images before the network: none, cropping to the lung field, or hiding parts of them."""

# ruff: noqa: N802, N803 - camelCase is the Spark ML convention for Params, getters and setters

from __future__ import annotations

import pyarrow as pa
from pyspark import keyword_only
from pyspark.ml import Transformer
from pyspark.ml.param.shared import HasInputCol, HasOutputCol
from pyspark.ml.util import DefaultParamsReadable, DefaultParamsWritable
from pyspark.sql import Column, DataFrame
from pyspark.sql.functions import arrow_udf  # type: ignore[attr-defined]
from pyspark.sql.pandas.types import to_arrow_type
from sparkdl import imageSchema

from covid_xray.features.pictures import CHANGES, input_of


def preprocessed(content: Column, preprocessing: str) -> Column:
    """Return the input images of a network.

    Parameters
    ----------
    content : Column
        Encoded files (binary).
    preprocessing : str
        `plain` returns `content` itself; `lungs` the lung fields, and one of `radiograph.OCCLUSIONS` the
        pictures that it leaves, in Spark's image schema; null if a file cannot be opened as an X-ray.
    """
    return content if preprocessing == "plain" else _changed(content, preprocessing)


def _changed(content: Column, preprocessing: str) -> Column:
    if preprocessing not in CHANGES:
        raise KeyError(preprocessing)

    @arrow_udf(imageSchema)  # type: ignore[untyped-decorator]
    def change(batch: pa.Array) -> pa.Array:
        values = (input_of(value, preprocessing) for value in batch.to_pylist())
        return pa.array(values, to_arrow_type(imageSchema))

    # Spark re-evaluates a deterministic function for each filter above it.
    column: Column = change.asNondeterministic()(content)
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
