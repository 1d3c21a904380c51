"""The model of WideLogisticRegression: Spark's LogisticRegressionModel without a JVM object."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from pyspark.ml import Model
from pyspark.ml.classification import _LogisticRegressionParams
from pyspark.ml.linalg import DenseMatrix, DenseVector
from pyspark.ml.util import (
    DefaultParamsReader,
    DefaultParamsWriter,
    MLReadable,
    MLReader,
    MLWritable,
    MLWriter,
)
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from scipy.special import expit, softmax

from logistic.columns import as_arrow, as_vector, dense_matrix, matrix_udf

Array = npt.NDArray[np.float64]


class WideLogisticRegressionModel(
    Model,
    _LogisticRegressionParams,
    MLReadable["WideLogisticRegressionModel"],
    MLWritable,
):
    """The model that `WideLogisticRegression` fits. Its coefficients apply to unscaled features.

    `transform`, Params, output columns and thresholds are those of Spark's LogisticRegressionModel. Rows
    whose features are null get null outputs.

    Attributes
    ----------
    coefficientMatrix : DenseMatrix
        One row for two classes (that of the second class), else one row per class.
    interceptVector : DenseVector
        One number per row of the matrix.
    numClasses, numFeatures : int
    """

    def __init__(
        self,
        coefficientMatrix: DenseMatrix | None = None,
        interceptVector: DenseVector | None = None,
        numClasses: int = 2,
    ) -> None:
        super().__init__()
        self.coefficientMatrix = coefficientMatrix or DenseMatrix(0, 0, [])
        self.interceptVector = interceptVector or DenseVector([])
        self.numClasses = numClasses

    @property
    def numFeatures(self) -> int:
        """Number of features."""
        return int(self.coefficientMatrix.numCols)

    def _transform(self, dataset: DataFrame) -> DataFrame:
        raw, probability = f"{self.uid}_raw", f"{self.uid}_probability"
        margins = _margins(self.coefficientMatrix.toArray(), self.interceptVector.toArray())
        shares = matrix_udf(_probabilities)
        scored = dataset.withColumn(raw, margins(as_arrow(dataset, self.getFeaturesCol())))
        scored = scored.withColumn(probability, shares(F.col(raw)))
        outputs = {
            self.getRawPredictionCol(): as_vector(F.col(raw)),
            self.getProbabilityCol(): as_vector(F.col(probability)),
            self.getPredictionCol(): self._prediction(F.col(probability)),
        }
        return scored.withColumns({name: column for name, column in outputs.items() if name}).drop(
            raw, probability
        )

    def _prediction(self, probability: Column) -> Column:
        if self.isSet(self.thresholds):
            # Spark's rule: the class with the largest ratio of probability to threshold.
            limits = F.array(*(F.lit(float(limit)) for limit in self.getThresholds()))
            probability = F.zip_with(probability, limits, lambda share, limit: share / limit)
        elif self.numClasses == 2:
            return (probability[1] > self.getOrDefault(self.threshold)).cast("double")
        return (F.array_position(probability, F.array_max(probability)) - 1).cast("double")

    def write(self) -> MLWriter:
        """Return the writer: Params as Spark's metadata, coefficients as a Parquet table."""
        return _Writer(self)

    @classmethod
    def read(cls) -> MLReader[WideLogisticRegressionModel]:
        """Return the reader."""
        return _Reader(cls)


class _Writer(MLWriter):
    def __init__(self, model: WideLogisticRegressionModel) -> None:
        super().__init__()
        self._model = model

    def saveImpl(self, path: str) -> None:
        model = self._model
        DefaultParamsWriter.saveMetadata(model, path, self.sparkSession, {"numClasses": model.numClasses})
        matrix, intercepts = model.coefficientMatrix.toArray(), model.interceptVector.toArray()
        rows = [
            (place, float(intercept), line.tolist())
            for place, (intercept, line) in enumerate(zip(intercepts, matrix, strict=True))
        ]
        columns = "place INT, intercept DOUBLE, coefficients ARRAY<DOUBLE>"
        self.sparkSession.createDataFrame(rows, columns).coalesce(1).write.parquet(f"{path}/data")


class _Reader(MLReader[WideLogisticRegressionModel]):
    def __init__(self, cls: type[WideLogisticRegressionModel]) -> None:
        super().__init__()
        self._cls = cls

    def load(self, path: str) -> WideLogisticRegressionModel:
        metadata = DefaultParamsReader.loadMetadata(path, self.sparkSession)
        rows = self.sparkSession.read.parquet(f"{path}/data").orderBy("place").collect()
        matrix = np.array([row["coefficients"] for row in rows])
        model = self._cls(
            dense_matrix(matrix),
            DenseVector([row["intercept"] for row in rows]),
            metadata["numClasses"],
        )
        model._resetUid(metadata["uid"])
        DefaultParamsReader.getAndSetParams(model, metadata)
        return model


def _margins(matrix: Array, intercepts: Array) -> Callable[[Column], Column]:
    def margins(features: Array) -> Array:
        raw: Array = features @ matrix.T + intercepts
        # For two classes Spark's raw prediction holds the margins of both.
        return np.hstack([-raw, raw]) if raw.shape[1] == 1 else raw

    return matrix_udf(margins)


def _probabilities(raw: Array) -> Array:
    if raw.shape[1] == 2 and np.array_equal(raw[:, 0], -raw[:, 1]):
        return np.stack([expit(raw[:, 0]), expit(raw[:, 1])], axis=1)
    shares: Array = softmax(raw, axis=1)
    return shares
