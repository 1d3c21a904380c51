"""The Params of Transformers that apply a network of keras.applications to images."""

from __future__ import annotations

from typing import Self

from pyspark.ml.param import Param, Params, TypeConverters
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, StructField, StructType

from sparkdl import weights
from sparkdl.backbones import BACKBONES
from sparkdl.images import SCALE_HINTS
from sparkdl.params import HasColumns, check_set, one_of, whole
from sparkdl.schema import check_is_new, image_column, quoted


class NetworkParams(HasColumns):
    """Which network with which weights is applied to which column."""

    modelName: Param[str] = Param(
        Params._dummy(), "modelName", f"network: {', '.join(BACKBONES)}", one_of(tuple(BACKBONES))
    )
    scaleHint: Param[str] = Param(
        Params._dummy(),
        "scaleHint",
        f"how images are resized: {', '.join(SCALE_HINTS)}",
        one_of(SCALE_HINTS),
    )
    weights: Param[str] = Param(
        Params._dummy(), "weights", "imagenet, random, or a path", TypeConverters.toString
    )
    seed: Param[int] = Param(Params._dummy(), "seed", "seed of random weights", whole("seed", 0))
    batchSize: Param[int] = Param(
        Params._dummy(), "batchSize", "images per call of the network", whole("batchSize", 1)
    )

    def __init__(self) -> None:
        super().__init__()
        self._setDefault(scaleHint="SCALE_AREA_AVERAGING", weights="imagenet", seed=0, batchSize=16)

    def setModelName(self, value: str) -> Self:
        """Set `modelName`."""
        return self._set(modelName=value)

    def getModelName(self) -> str:
        """Return `modelName`."""
        return self.getOrDefault(self.modelName)

    def setScaleHint(self, value: str) -> Self:
        """Set `scaleHint`."""
        return self._set(scaleHint=value)

    def getScaleHint(self) -> str:
        """Return `scaleHint`."""
        return self.getOrDefault(self.scaleHint)

    def setWeights(self, value: str) -> Self:
        """Set `weights`."""
        return self._set(weights=value)

    def getWeights(self) -> str:
        """Return `weights`."""
        return self.getOrDefault(self.weights)

    def setSeed(self, value: int) -> Self:
        """Set `seed`."""
        return self._set(seed=value)

    def getSeed(self) -> int:
        """Return `seed`."""
        return self.getOrDefault(self.seed)

    def setBatchSize(self, value: int) -> Self:
        """Set `batchSize`."""
        return self._set(batchSize=value)

    def getBatchSize(self) -> int:
        """Return `batchSize`."""
        return self.getOrDefault(self.batchSize)

    def _with_output(self, schema: StructType, session: SparkSession | None, kind: DataType) -> StructType:
        """Return a schema with the new column; raise SparkdlError if that cannot be."""
        check_set(self, self.inputCol, self.outputCol, self.modelName)
        image_column(schema, self.getInputCol(), session)
        check_is_new(schema, self.getOutputCol(), session)
        return StructType([*schema.fields, StructField(self.getOutputCol(), kind)])

    def _images(self, dataset: DataFrame) -> Column:
        name = image_column(dataset.schema, self.getInputCol(), dataset.sparkSession)
        return F.col(quoted(name))

    def _weights_file(self, top: bool = False) -> str:
        store = weights.keras_home() / "sparkdl"
        found = weights.resolve(self.getWeights(), self.getModelName(), store, self.getSeed(), top)
        return str(found.path.resolve())
