"""DeepImagePredictor: what a network of keras.applications says of images, as in version 1.5."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark import keyword_only
from pyspark.ml import Transformer
from pyspark.ml.linalg import VectorUDT
from pyspark.ml.param import Param, Params, TypeConverters
from pyspark.ml.util import DefaultParamsReadable, DefaultParamsWritable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import to_arrow_type
from pyspark.sql.types import ArrayType, DataType, FloatType, StringType, StructField, StructType

from sparkdl.backbones import IMAGENET_CLASSES, backbone
from sparkdl.column import applied, features, of_images
from sparkdl.imagenet import ClassName, class_names
from sparkdl.network import NetworkSpec
from sparkdl.network_params import NetworkParams
from sparkdl.output import with_vectors
from sparkdl.params import whole
from sparkdl.weights import keras_home

_PREDICTIONS = ArrayType(
    StructType(
        [
            StructField("class", StringType(), False),
            StructField("description", StringType(), False),
            StructField("probability", FloatType(), False),
        ]
    )
)


class DeepImagePredictor(
    Transformer,
    NetworkParams,
    DefaultParamsReadable["DeepImagePredictor"],
    DefaultParamsWritable,
):
    """Turn images into probabilities of ImageNet's 1,000 classes, by a network with its top.

    Parameters
    ----------
    inputCol : str
        A column of Spark's image schema, or of encoded files (binary).
    outputCol : str
        A new column, null where the image is null or cannot be decoded: vectors of 1,000 probabilities; or,
        with `decodePredictions`, arrays of `class` (WordNet's id), `description` and `probability`.
    modelName : str
        A name in `sparkdl.backbones.BACKBONES`.
    decodePredictions : bool
        False by default. The names of the classes are Keras's, downloaded on first use.
    topK : int
        Classes of an image with `decodePredictions`, the most probable ones first; 5 by default, 1,000 at
        most.
    weights : str
        `imagenet` (default), `random`, or the path of weights of the network with its top.
    scaleHint, seed, batchSize
        As of `DeepImageFeaturizer`, where it also says where weights are stored.
    """

    decodePredictions: Param[bool] = Param(
        Params._dummy(), "decodePredictions", "whether classes are named", TypeConverters.toBoolean
    )
    topK: Param[int] = Param(
        Params._dummy(),
        "topK",
        "classes of an image with decodePredictions",
        whole("topK", 1, IMAGENET_CLASSES),
    )

    @keyword_only
    def __init__(
        self,
        *,
        inputCol: str | None = None,
        outputCol: str | None = None,
        modelName: str | None = None,
        decodePredictions: bool = False,
        topK: int = 5,
        scaleHint: str = "SCALE_AREA_AVERAGING",
        weights: str = "imagenet",
        seed: int = 0,
        batchSize: int = 16,
    ) -> None:
        super().__init__()
        self._setDefault(decodePredictions=False, topK=5)
        self._set_given()

    @keyword_only
    def setParams(
        self,
        *,
        inputCol: str | None = None,
        outputCol: str | None = None,
        modelName: str | None = None,
        decodePredictions: bool = False,
        topK: int = 5,
        scaleHint: str = "SCALE_AREA_AVERAGING",
        weights: str = "imagenet",
        seed: int = 0,
        batchSize: int = 16,
    ) -> DeepImagePredictor:
        """Set the named Params."""
        return self._set_given()

    def setDecodePredictions(self, value: bool) -> DeepImagePredictor:
        """Set `decodePredictions`."""
        return self._set(decodePredictions=value)

    def getDecodePredictions(self) -> bool:
        """Return `decodePredictions`."""
        return self.getOrDefault(self.decodePredictions)

    def setTopK(self, value: int) -> DeepImagePredictor:
        """Set `topK`."""
        return self._set(topK=value)

    def getTopK(self) -> int:
        """Return `topK`."""
        return self.getOrDefault(self.topK)

    def transformSchema(self, schema: StructType) -> StructType:
        """Return the columns after `transform`; raise SparkdlError as `DeepImageFeaturizer` does."""
        return self._with_output(schema, SparkSession.getActiveSession(), self._kind())

    def _kind(self) -> DataType:
        return _PREDICTIONS if self.getDecodePredictions() else VectorUDT()

    def _transform(self, dataset: DataFrame) -> DataFrame:
        self._with_output(dataset.schema, dataset.sparkSession, self._kind())
        names = class_names(keras_home()) if self.getDecodePredictions() else ()
        spec = NetworkSpec(backbone(self.getModelName()), self._weights_file(top=True), top=True)
        images, size = self._images(dataset), self.getBatchSize()
        if not names:
            column = features(images, spec, self.getScaleHint(), size)
            return with_vectors(dataset, self.getOutputCol(), column)
        encode = partial(_most_probable, names=names, count=self.getTopK())
        named = applied(of_images(spec, self.getScaleHint()), spec, size, _PREDICTIONS, encode)
        return dataset.withColumn(self.getOutputCol(), named(images))


def _most_probable(
    probabilities: npt.NDArray[np.float32],
    missing: npt.NDArray[np.bool_],
    names: tuple[ClassName, ...],
    count: int,
) -> pa.Array:
    """Name the `count` most probable classes of each image; of equal ones the first."""
    rows = iter(probabilities)

    def named(row: npt.NDArray[np.float32]) -> list[dict[str, object]]:
        places = np.argsort(-row, kind="stable")[:count]
        return [{**names[place]._asdict(), "probability": float(row[place])} for place in places]

    values = [None if one else named(next(rows)) for one in missing]
    renamed = [row and [{"class": one.pop("wordnet_id"), **one} for one in row] for row in values]
    return pa.array(renamed, to_arrow_type(_PREDICTIONS))
