"""The last stage of a saved pipeline: from the index that Spark predicts to the class's name."""

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
    """Name the class of a predicted index: Spark's IndexToString without a JVM object behind it.

    Parameters
    ----------
    inputCol : str
        Whole numbers from 0, as doubles.
    outputCol : str
        A new column of texts; null where the index is.
    classes : list of str
        The names, in the order of the indices.
    """

    classes: Param[list[str]] = Param(
        Params._dummy(), "classes", "names in the order of the indices", TypeConverters.toListString
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
