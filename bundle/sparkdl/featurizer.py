"""DeepImageFeaturizer: the Transformer of Deep Learning Pipelines 1.5, on batches, for today's Spark."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pyspark import keyword_only
from pyspark.ml import Transformer
from pyspark.ml.functions import array_to_vector
from pyspark.ml.linalg import VectorUDT
from pyspark.ml.param import Param, Params, TypeConverters
from pyspark.ml.param.shared import HasInputCol, HasOutputCol
from pyspark.ml.util import DefaultParamsReadable, DefaultParamsWritable
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import BinaryType, DataType, StructField, StructType

from sparkdl import weights
from sparkdl.backbones import BACKBONES, POOLINGS
from sparkdl.column import features
from sparkdl.errors import SchemaError, SparkdlError
from sparkdl.images import SCALE_HINTS, imageSchema
from sparkdl.network import Recipe


def _one_of(names: Sequence[str]) -> Callable[[Any], str]:
    def convert(value: Any) -> str:
        if value not in names:
            raise TypeError(f"{value!r} is not one of {', '.join(names)}")
        return str(value)

    return convert


class DeepImageFeaturizer(
    Transformer,
    HasInputCol,
    HasOutputCol,
    DefaultParamsReadable["DeepImageFeaturizer"],
    DefaultParamsWritable,
):
    """Turn images into the features that a pre-trained network without its top gives.

    Parameters
    ----------
    inputCol : str
        A column of Spark's image schema, or of encoded files as bytes.
    outputCol : str
        A new column of vectors; null where the image is null or cannot be decoded.
    modelName : str
        InceptionV3, Xception (131,072 and 204,800 numbers), ResNet50 (2,048), VGG16 or VGG19 (25,088).
    scaleHint : str
        How an image is brought to the network's size: Java's hints, by default SCALE_AREA_AVERAGING.
    weights : str
        `imagenet` (default; fetched and checked by Keras on first use), `random`, or a path that driver and
        workers see: a Keras weights file, or a folder that holds one.
    seed : int
        Of random weights; 0 by default.
    pooling : str
        `published` (default: flattened, ResNet50 averaged), `none`, `avg` or `max`.
    batchSize : int
        Images per call of the network; 16 by default.

    Notes
    -----
    Fetched and random weights are kept in Keras's folder (KERAS_HOME or ~/.keras), which the workers of a
    cluster must share; else give `weights` a path that they do.
    """

    modelName: Param[str] = Param(
        Params._dummy(), "modelName", f"network: {', '.join(BACKBONES)}", _one_of(tuple(BACKBONES))
    )
    scaleHint: Param[str] = Param(
        Params._dummy(),
        "scaleHint",
        f"how images are resized: {', '.join(SCALE_HINTS)}",
        _one_of(SCALE_HINTS),
    )
    weights: Param[str] = Param(
        Params._dummy(), "weights", "imagenet, random, or a path", TypeConverters.toString
    )
    seed: Param[int] = Param(Params._dummy(), "seed", "of random weights", TypeConverters.toInt)
    pooling: Param[str] = Param(
        Params._dummy(), "pooling", f"of the last layer: {', '.join(POOLINGS)}", _one_of(POOLINGS)
    )
    batchSize: Param[int] = Param(
        Params._dummy(), "batchSize", "images per call of the network", TypeConverters.toInt
    )

    @keyword_only
    def __init__(
        self,
        *,
        inputCol: str | None = None,
        outputCol: str | None = None,
        modelName: str | None = None,
        scaleHint: str = "SCALE_AREA_AVERAGING",
        weights: str = "imagenet",
        seed: int = 0,
        pooling: str = "published",
        batchSize: int = 16,
    ) -> None:
        super().__init__()
        self._setDefault(
            scaleHint="SCALE_AREA_AVERAGING", weights="imagenet", seed=0, pooling="published", batchSize=16
        )
        self._set(**self._input_kwargs)  # type: ignore[attr-defined]

    @keyword_only
    def setParams(
        self,
        *,
        inputCol: str | None = None,
        outputCol: str | None = None,
        modelName: str | None = None,
        scaleHint: str = "SCALE_AREA_AVERAGING",
        weights: str = "imagenet",
        seed: int = 0,
        pooling: str = "published",
        batchSize: int = 16,
    ) -> DeepImageFeaturizer:
        """Set the named Params."""
        self._set(**self._input_kwargs)  # type: ignore[attr-defined]
        return self

    def setInputCol(self, value: str) -> DeepImageFeaturizer:
        """Set `inputCol`."""
        return self._set(inputCol=value)

    def setOutputCol(self, value: str) -> DeepImageFeaturizer:
        """Set `outputCol`."""
        return self._set(outputCol=value)

    def setModelName(self, value: str) -> DeepImageFeaturizer:
        """Set `modelName`."""
        return self._set(modelName=value)

    def getModelName(self) -> str:
        """Return `modelName`."""
        return self.getOrDefault(self.modelName)

    def setScaleHint(self, value: str) -> DeepImageFeaturizer:
        """Set `scaleHint`."""
        return self._set(scaleHint=value)

    def getScaleHint(self) -> str:
        """Return `scaleHint`."""
        return self.getOrDefault(self.scaleHint)

    def setWeights(self, value: str) -> DeepImageFeaturizer:
        """Set `weights`."""
        return self._set(weights=value)

    def getWeights(self) -> str:
        """Return `weights`."""
        return self.getOrDefault(self.weights)

    def setSeed(self, value: int) -> DeepImageFeaturizer:
        """Set `seed`."""
        return self._set(seed=value)

    def getSeed(self) -> int:
        """Return `seed`."""
        return self.getOrDefault(self.seed)

    def setPooling(self, value: str) -> DeepImageFeaturizer:
        """Set `pooling`."""
        return self._set(pooling=value)

    def getPooling(self) -> str:
        """Return `pooling`."""
        return self.getOrDefault(self.pooling)

    def setBatchSize(self, value: int) -> DeepImageFeaturizer:
        """Set `batchSize`."""
        return self._set(batchSize=value)

    def getBatchSize(self) -> int:
        """Return `batchSize`."""
        return self.getOrDefault(self.batchSize)

    def transformSchema(self, schema: StructType) -> StructType:
        """Return the columns after `transform`.

        Raises
        ------
        SparkdlError
            If a Param is not set, the input column is missing or holds no images, or the output column is
            there already.
        """
        for param in (self.inputCol, self.outputCol, self.modelName):
            if not self.isDefined(param):
                raise SparkdlError(f"DeepImageFeaturizer: {param.name} is not set")
        name, output = self.getInputCol(), self.getOutputCol()
        if name not in schema.names:
            raise SchemaError(f"input column {name!r} is missing; there is {', '.join(schema.names)}")
        if not _holds_images(schema[name].dataType):
            found = schema[name].dataType.simpleString()
            raise SchemaError(f"input column {name!r} is {found}, neither an image struct nor binary")
        if output in schema.names:
            raise SchemaError(f"output column {output!r} exists already; choose another outputCol or drop it")
        return StructType([*schema.fields, StructField(output, VectorUDT())])

    def _transform(self, dataset: DataFrame) -> DataFrame:
        # A Python Pipeline does not call transformSchema.
        self.transformSchema(dataset.schema)
        store = weights.keras_home() / "sparkdl"
        found = weights.resolve(self.getWeights(), self.getModelName(), store, self.getSeed())
        recipe = Recipe(self.getModelName(), str(found.path.resolve()), self.getPooling())
        column = features(dataset[self.getInputCol()], recipe, self.getScaleHint(), self.getBatchSize())
        arrays, name = f"{self.uid}_arrays", self.getOutputCol()
        with_arrays = dataset.withColumn(arrays, column)
        vector = F.when(F.col(arrays).isNotNull(), array_to_vector(F.col(arrays).cast("array<double>")))
        return with_arrays.withColumn(name, vector).drop(arrays)


def _holds_images(column: DataType) -> bool:
    if isinstance(column, BinaryType):
        return True
    if not isinstance(column, StructType):
        return False
    return [(f.name, f.dataType) for f in column] == [(f.name, f.dataType) for f in imageSchema]
