"""KerasTransformer: a Keras model of one's own on arrays of numbers."""

from __future__ import annotations

from functools import partial
from typing import Any

from pyspark import keyword_only
from pyspark.ml import Transformer
from pyspark.ml.util import DefaultParamsReadable, DefaultParamsWritable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructField, StructType

from sparkdl.arrays import as_arrays, holds_arrays
from sparkdl.column import LISTS, applied
from sparkdl.errors import SparkdlError
from sparkdl.keras_model import Array, KerasModelSpec, as_input
from sparkdl.model_file import ModelFileError, Shape, check_model_file, shown_shape
from sparkdl.params import HasColumns, HasModelFile, check_set
from sparkdl.schema import check_is_new, input_column

# Rows per call of the model.
_BATCH = 256


class KerasTransformer(
    Transformer,
    HasColumns,
    HasModelFile,
    DefaultParamsReadable["KerasTransformer"],
    DefaultParamsWritable,
):
    """Apply a Keras model to a column of one-dimensional arrays.

    Parameters
    ----------
    inputCol : str
        A column of arrays of numbers, or of vectors, each as long as the model's input.
    outputCol : str
        A new column of arrays of float, as long as the model's output; null where the input is null.
    modelFile : str
        As of `KerasImageFileTransformer`; its input and its output have one dimension.
    """

    @keyword_only
    def __init__(
        self, *, inputCol: str | None = None, outputCol: str | None = None, modelFile: str | None = None
    ) -> None:
        super().__init__()
        self._set_given()

    @keyword_only
    def setParams(
        self, *, inputCol: str | None = None, outputCol: str | None = None, modelFile: str | None = None
    ) -> KerasTransformer:
        """Set the named Params."""
        return self._set_given()

    def transformSchema(self, schema: StructType) -> StructType:
        """Return the columns after `transform`.

        Raises
        ------
        SparkdlError
            If a Param is not set, the input column is missing or holds no arrays, the output column exists
            already, or the model takes something else than arrays of one dimension.
        """
        return self._with_output(schema, SparkSession.getActiveSession())

    def _with_output(self, schema: StructType, session: SparkSession | None) -> StructType:
        check_set(self, self.inputCol, self.outputCol, self.modelFile)
        _array_column(schema, self.getInputCol(), session)
        check_is_new(schema, self.getOutputCol(), session)
        shape = check_model_file(self.getModelFile()).input_shape
        if shape is not None and len(shape) != 1:
            raise ModelFileError(
                f"modelFile {self.getModelFile()} takes arrays of the shape {shown_shape(shape)}, and "
                "KerasTransformer gives it arrays of one dimension"
            )
        return StructType([*schema.fields, StructField(self.getOutputCol(), LISTS[0])])

    def _transform(self, dataset: DataFrame) -> DataFrame:
        session = dataset.sparkSession
        self._with_output(dataset.schema, session)
        name, model = self.getInputCol(), check_model_file(self.getModelFile())
        arrays = as_arrays(dataset.schema, _array_column(dataset.schema, name, session))
        to_input = partial(_to_input, shape=model.input_shape, column=name)
        spec = KerasModelSpec(str(model.path))
        return dataset.withColumn(self.getOutputCol(), applied(to_input, spec, _BATCH, *LISTS)(arrays))


def _array_column(schema: StructType, name: str, session: SparkSession | None) -> str:
    return input_column(schema, name, session, holds_arrays, "an array of numbers or a vector")


def _to_input(value: Any, shape: Shape | None, column: str) -> Array | None:
    if value is None:
        return None
    if None in value:
        raise SparkdlError(f"column {column} holds an array with a null in it: fill it, or leave the row out")
    return as_input(value, shape, lambda found: f"column {column} holds {found}")
