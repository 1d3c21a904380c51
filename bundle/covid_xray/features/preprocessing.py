"""Preprocessing of images before the network: none, cropping to the lung field, or hiding parts of them."""

# ruff: noqa: N802, N803 - camelCase is the Spark ML convention for Params, getters and setters

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image
from pyspark import keyword_only
from pyspark.ml import Transformer
from pyspark.ml.param.shared import HasInputCol, HasOutputCol
from pyspark.ml.util import DefaultParamsReadable, DefaultParamsWritable
from pyspark.sql import Column, DataFrame
from pyspark.sql.functions import arrow_udf  # type: ignore[attr-defined]
from pyspark.sql.pandas.types import to_arrow_type
from radiograph import OCCLUSIONS, Refused, lung_field, open_xray
from sparkdl import imageSchema

# OpenCV's codes for unsigned bytes in one and in three channels.
_GREY, _COLOUR = 0, 16

# Part of the feature key: increment a version when the network's input pixels change.
# tests/unit/covid_xray/features/test_preprocessing.py checks the pixels of each version.
VERSIONS = {"plain": 1, "lungs": 1, "lungs_blanked": 1, "lungs_only": 1, "shuffled": 1}


_CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {"lungs": lung_field, **OCCLUSIONS}


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


def input_of(file: bytes | None, preprocessing: str) -> dict[str, Any] | None:
    """Change one encoded X-ray as `preprocessed` does; None if it cannot be opened."""
    if file is None:
        return None
    try:
        return _in_image_schema(_CHANGES[preprocessing](open_xray(file).picture))
    except Refused:
        return None


def _in_image_schema(picture: Image.Image) -> dict[str, Any]:
    grey = picture.mode == "L"
    # OpenCV has blue first.
    pixels = np.asarray(picture) if grey else np.asarray(picture)[:, :, ::-1]
    kind = {"nChannels": 1 if grey else 3, "mode": _GREY if grey else _COLOUR}
    size = {"height": picture.height, "width": picture.width}
    return {"origin": "", **size, **kind, "data": pixels.tobytes()}


def _changed(content: Column, preprocessing: str) -> Column:
    if preprocessing not in _CHANGES:
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
