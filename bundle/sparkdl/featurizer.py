"""DeepImageFeaturizer: the Transformer of Deep Learning Pipelines 1.5 for today's Spark, on batches."""

from __future__ import annotations

from pyspark import keyword_only
from pyspark.ml import Transformer
from pyspark.ml.linalg import VectorUDT
from pyspark.ml.param import Param, Params
from pyspark.ml.util import DefaultParamsReadable, DefaultParamsWritable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from sparkdl.backbones import backbone
from sparkdl.column import features
from sparkdl.feature_network import POOLINGS
from sparkdl.network import NetworkSpec
from sparkdl.network_params import NetworkParams
from sparkdl.output import with_vectors
from sparkdl.params import one_of, whole
from sparkdl.precision import FLOAT32, PRECISIONS


class DeepImageFeaturizer(
    Transformer,
    NetworkParams,
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
    dimensionality : int
        To how many features they are projected after pooling, at least 1, by the fixed random projection of
        `sparkdl.projection`. Unset by default: all features. As many as there are, or more, changes nothing.

    Notes
    -----
    Downloaded and random weights are stored in Keras's folder (KERAS_HOME or ~/.keras), which the workers of
    a cluster must share; otherwise set `weights` to a path that they share.
    """

    pooling: Param[str] = Param(
        Params._dummy(), "pooling", f"pooling of the last layer: {', '.join(POOLINGS)}", one_of(POOLINGS)
    )
    precision: Param[str] = Param(
        Params._dummy(),
        "precision",
        f"precision of the network's arithmetic: {', '.join(PRECISIONS)}",
        # float16 is near to bfloat16 as a word only.
        one_of(PRECISIONS, suggest=False),
    )
    dimensionality: Param[int] = Param(
        Params._dummy(),
        "dimensionality",
        "how many features a fixed random projection leaves; unset: all",
        whole("dimensionality", 1),
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
        dimensionality: int | None = None,
    ) -> None:
        super().__init__()
        self._setDefault(pooling="published", precision=FLOAT32)
        self._set_given()

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
        dimensionality: int | None = None,
    ) -> DeepImageFeaturizer:
        """Set the named Params."""
        return self._set_given()

    def setPooling(self, value: str) -> DeepImageFeaturizer:
        """Set `pooling`."""
        return self._set(pooling=value)

    def getPooling(self) -> str:
        """Return `pooling`."""
        return self.getOrDefault(self.pooling)

    def setPrecision(self, value: str) -> DeepImageFeaturizer:
        """Set `precision`."""
        return self._set(precision=value)

    def getPrecision(self) -> str:
        """Return `precision`."""
        return self.getOrDefault(self.precision)

    def setDimensionality(self, value: int) -> DeepImageFeaturizer:
        """Set `dimensionality`."""
        return self._set(dimensionality=value)

    def getDimensionality(self) -> int | None:
        """Return `dimensionality`, or None if it is not set."""
        return self.getOrDefault(self.dimensionality) if self.isDefined(self.dimensionality) else None

    def transformSchema(self, schema: StructType) -> StructType:
        """Return the columns after `transform`.

        Raises
        ------
        SparkdlError
            If a Param is not set, the input column is missing or holds no images, or the output column
            exists already. Whether case tells names apart is as the Spark session says, by default not.
        """
        return self._with_output(schema, SparkSession.getActiveSession(), VectorUDT())

    def _transform(self, dataset: DataFrame) -> DataFrame:
        # A Python Pipeline does not call transformSchema.
        self._with_output(dataset.schema, dataset.sparkSession, VectorUDT())
        spec = NetworkSpec(
            backbone(self.getModelName()),
            self._weights_file(),
            self.getPooling(),
            precision=self.getPrecision(),
            dimensionality=self.getDimensionality(),
        )
        column = features(self._images(dataset), spec, self.getScaleHint(), self.getBatchSize())
        return with_vectors(dataset, self.getOutputCol(), column)
