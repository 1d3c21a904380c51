"""The last stage of a saved pipeline: maps the predicted index to the class name."""

# ruff: noqa: N802, N803 - camelCase is the Spark ML convention for Params, getters and setters

from __future__ import annotations

from collections.abc import Sequence

from pyspark import keyword_only
from pyspark.ml import Transformer
from pyspark.ml.param import Param, Params, TypeConverters
from pyspark.ml.param.shared import HasInputCol, HasOutputCol
from pyspark.ml.util import DefaultParamsReadable, DefaultParamsWritable
from pyspark.sql import DataFrame
from pyspark.sql import functions as F


class ClassName(
    Transformer, HasInputCol, HasOutputCol, DefaultParamsReadable["ClassName"], DefaultParamsWritable
):
    """Map a predicted index to its class name, like Spark's IndexToString but without a JVM object.

    Parameters
    ----------
    inputCol : str
        Whole numbers from 0, as doubles.
    outputCol : str
        A new string column; null if the index is null.
    classes : list of str
        The class names, in the order of the indices.
    """

    classes: Param[list[str]] = Param(
        Params._dummy(), "classes", "class names in the order of the indices", TypeConverters.toListString
    )

    @keyword_only
    def __init__(
        self,
        *,
        inputCol: str | None = None,
        outputCol: str | None = None,
        classes: Sequence[str] | None = None,
    ) -> None:
        super().__init__()
        self._set(**self._input_kwargs)  # type: ignore[attr-defined]

    def setClasses(self, value: Sequence[str]) -> ClassName:
        """Set `classes`."""
        return self._set(classes=value)

    def getClasses(self) -> list[str]:
        """Return `classes`."""
        return self.getOrDefault(self.classes)

    def _transform(self, dataset: DataFrame) -> DataFrame:
        names = F.array(*map(F.lit, self.getClasses()))
        index = F.col(self.getInputCol()).cast("int")
        return dataset.withColumn(self.getOutputCol(), F.get(names, index))
