"""DeepImageFeaturizer: the Transformer of Deep Learning Pipelines 1.5 for today's Spark, on batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from pyspark import keyword_only
from pyspark.ml import Transformer
from pyspark.ml.functions import array_to_vector
from pyspark.ml.linalg import VectorUDT
from pyspark.ml.param import Param, Params, TypeConverters
from pyspark.ml.param.shared import HasInputCol, HasOutputCol
from pyspark.ml.util import DefaultParamsReadable, DefaultParamsWritable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructField, StructType

from sparkdl import weights
from sparkdl.backbones import BACKBONES, POOLINGS
from sparkdl.column import features
from sparkdl.errors import SparkdlError
from sparkdl.images import SCALE_HINTS
from sparkdl.network import NetworkSpec
from sparkdl.precision import FLOAT32, PRECISIONS
from sparkdl.schema import check_is_new, image_column, new_name, quoted


def _one_of(names: Sequence[str]) -> Callable[[Any], str]:
    def convert(value: Any) -> str:
        if value not in names:
            raise TypeError(f"{value!r} is not one of {', '.join(names)}")
        return str(value)

    return convert


def _whole(name: str, least: int) -> Callable[[Any], int]:
    def convert(value: Any) -> int:
        with suppress(TypeError):
            number = TypeConverters.toInt(value)
            if least <= number < 2**31:
                return number
        raise TypeError(f"{name} must be a whole number from {least} to {2**31 - 1}, not {value!r}")

    return convert


class DeepImageFeaturizer(
    Transformer,
    HasInputCol,
    HasOutputCol,
    DefaultParamsReadable["DeepImageFeaturizer"],
    DefaultParamsWritable,
):
    """Turn images into the features of a pre-trained network without its top.

    Parameters
    ----------
    inputCol : str
        A column of Spark's image schema, or of encoded files (binary).
    outputCol : str
        A new column of vectors; null where the image is null or cannot be decoded.
    modelName : str
        A name in `sparkdl.backbones.BACKBONES`, e.g. ResNet50 (2,048 features) or VGG16 (25,088).
    scaleHint : str
        How an image is resized to the network's input: one of Java's scaling hints, by default
        SCALE_AREA_AVERAGING.
    weights : str
        `imagenet` (default; downloaded and checked by Keras on first use), `random`, or a path that driver
        and workers see: a Keras weights file, or a folder that holds one.
    seed : int
        Seed of random weights, at least 0; 0 by default.
    pooling : str
        `published` (default: flattened, ResNet50 averaged), `none`, `avg` or `max`.
    batchSize : int
        Images per call of the network, at least 1; 16 by default.
    precision : str
        Of the network's arithmetic: `float32` (default), or `bfloat16`, about twice as fast on processors
        with instructions for it. Features are of the same type in either, and differ by about 1 %.

    Notes
    -----
    Downloaded and random weights are stored in Keras's folder (KERAS_HOME or ~/.keras), which the workers of
    a cluster must share; otherwise set `weights` to a path that they share.
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
    seed: Param[int] = Param(Params._dummy(), "seed", "seed of random weights", _whole("seed", 0))
    pooling: Param[str] = Param(
        Params._dummy(), "pooling", f"pooling of the last layer: {', '.join(POOLINGS)}", _one_of(POOLINGS)
    )
    batchSize: Param[int] = Param(
        Params._dummy(), "batchSize", "images per call of the network", _whole("batchSize", 1)
    )

    precision: Param[str] = Param(
        Params._dummy(),
        "precision",
        f"precision of the network's arithmetic: {', '.join(PRECISIONS)}",
        _one_of(PRECISIONS),
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
        precision: str = FLOAT32,
    ) -> None:
        super().__init__()
        self._setDefault(
            scaleHint="SCALE_AREA_AVERAGING",
            weights="imagenet",
            seed=0,
            pooling="published",
            batchSize=16,
            precision=FLOAT32,
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
        precision: str = FLOAT32,
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

    def setPrecision(self, value: str) -> DeepImageFeaturizer:
        """Set `precision`."""
        return self._set(precision=value)

    def getPrecision(self) -> str:
        """Return `precision`."""
        return self.getOrDefault(self.precision)

    def transformSchema(self, schema: StructType) -> StructType:
        """Return the columns after `transform`.

        Raises
        ------
        SparkdlError
            If a Param is not set, the input column is missing or holds no images, or the output column
            exists already. Whether case tells names apart is as the Spark session says, by default not.
        """
        return self._checked(schema, SparkSession.getActiveSession())

    def _checked(self, schema: StructType, session: SparkSession | None) -> StructType:
        for param in (self.inputCol, self.outputCol, self.modelName):
            if not self.isDefined(param):
                raise SparkdlError(
                    f"DeepImageFeaturizer: {param.name} is not set; pass it to the constructor"
                )
        image_column(schema, self.getInputCol(), session)
        check_is_new(schema, self.getOutputCol(), session)
        return StructType([*schema.fields, StructField(self.getOutputCol(), VectorUDT())])

    def _transform(self, dataset: DataFrame) -> DataFrame:
        schema, session = dataset.schema, dataset.sparkSession
        # A Python Pipeline does not call transformSchema.
        self._checked(schema, session)
        store = weights.keras_home() / "sparkdl"
        resolved = weights.resolve(self.getWeights(), self.getModelName(), store, self.getSeed())
        file = str(resolved.path.resolve())
        spec = NetworkSpec(self.getModelName(), file, self.getPooling(), precision=self.getPrecision())
        images = F.col(quoted(image_column(schema, self.getInputCol(), session)))
        column = features(images, spec, self.getScaleHint(), self.getBatchSize())
        arrays, name = new_name(schema, f"{self.uid}_arrays"), self.getOutputCol()
        with_arrays = dataset.withColumn(arrays, column)
        vector = F.when(F.col(arrays).isNotNull(), array_to_vector(F.col(arrays).cast("array<double>")))
        return with_arrays.withColumn(name, vector).drop(arrays)
