"""The new column of a Transformer."""

from __future__ import annotations

from pyspark.ml.functions import array_to_vector
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from sparkdl.schema import new_name, quoted


def with_vectors(dataset: DataFrame, name: str, arrays: Column) -> DataFrame:
    """Add a column of vectors made from arrays of float, null where these are null."""
    interim = new_name(dataset.schema, f"{name}_arrays")
    with_arrays = dataset.withColumn(interim, arrays)
    values = F.col(quoted(interim))
    vector = F.when(values.isNotNull(), array_to_vector(values.cast("array<double>")))
    return with_arrays.withColumn(name, vector).drop(interim)
