"""The model of WideLogisticRegression: Spark's LogisticRegressionModel without the JVM object behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.ml import Model
from pyspark.ml.classification import _LogisticRegressionParams
from pyspark.ml.functions import array_to_vector, vector_to_array
from pyspark.ml.linalg import DenseMatrix, DenseVector, VectorUDT
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
from pyspark.sql.functions import arrow_udf  # type: ignore[attr-defined]
from pyspark.sql.types import ArrayType, DoubleType, FloatType
from scipy.special import expit, softmax

Array = npt.NDArray[np.float64]


class WideLogisticRegressionModel(
    Model,
    _LogisticRegressionParams,
    MLReadable["WideLogisticRegressionModel"],
    MLWritable,
):
    """Coefficients and intercepts, for features as they are.

    Attributes
    ----------
    coefficientMatrix : DenseMatrix
        One row for two classes (the second one's), else a row a class.
    interceptVector : DenseVector
        As many numbers as the matrix has rows.
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
        """How many columns the model takes."""
        return int(self.coefficientMatrix.numCols)

    def _transform(self, dataset: DataFrame) -> DataFrame:
        raw, probability = f"{self.uid}_raw", f"{self.uid}_probability"
        margins = _margins(self.coefficientMatrix.toArray(), self.interceptVector.toArray())
        shares = _on_rows(_probabilities)
        found = dataset.withColumn(raw, margins(as_array(dataset, self.getFeaturesCol())))
        found = found.withColumn(probability, shares(F.col(raw)))
        outputs = {
            self.getRawPredictionCol(): array_to_vector(F.col(raw)),
            self.getProbabilityCol(): array_to_vector(F.col(probability)),
            self.getPredictionCol(): self._prediction(F.col(probability)),
        }
        return found.withColumns({name: column for name, column in outputs.items() if name}).drop(
            raw, probability
        )

    def _prediction(self, probability: Column) -> Column:
        if self.isSet(self.thresholds):
            # Spark's rule: the class whose probability is largest in proportion to its threshold.
            limits = F.array(*(F.lit(float(limit)) for limit in self.getThresholds()))
            probability = F.zip_with(probability, limits, lambda share, limit: share / limit)
        elif self.numClasses == 2:
            return (probability[1] > self.getOrDefault(self.threshold)).cast("double")
        return (F.array_position(probability, F.array_max(probability)) - 1).cast("double")

    def write(self) -> MLWriter:
        """Return the writer: Params as Spark's metadata, coefficients as a table."""
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
            dense(matrix),
            DenseVector([row["intercept"] for row in rows]),
            metadata["numClasses"],
        )
        model._resetUid(metadata["uid"])
        DefaultParamsReader.getAndSetParams(model, metadata)
        return model


def _margins(matrix: Array, intercepts: Array) -> Callable[[Column], Column]:
    def margins(features: Array) -> Array:
        raw: Array = features @ matrix.T + intercepts
        # Spark's raw prediction of two classes is the margin of each.
        return np.hstack([-raw, raw]) if raw.shape[1] == 1 else raw

    return _on_rows(margins)


def _probabilities(raw: Array) -> Array:
    if raw.shape[1] == 2 and np.array_equal(raw[:, 0], -raw[:, 1]):
        return np.stack([expit(raw[:, 0]), expit(raw[:, 1])], axis=1)
    shares: Array = softmax(raw, axis=1)
    return shares


def _on_rows(function: Callable[[Array], Array]) -> Callable[[Column], Column]:
    """Make a Spark function of arrays of double out of one of matrices; null stays null."""

    @arrow_udf(ArrayType(DoubleType()))  # type: ignore[untyped-decorator]
    def apply(batches: Iterator[pa.Array]) -> Iterator[pa.Array]:
        for batch in batches:
            missing = np.asarray(batch.is_null())
            if missing.all():
                yield pa.nulls(len(batch), pa.list_(pa.float64()))
                continue
            rows = batch.drop_null()
            found = function(rows.flatten().to_numpy(zero_copy_only=False).reshape(len(rows), -1))
            offsets = np.concatenate([[0], np.cumsum(np.where(missing, 0, found.shape[1]))])
            flat = pa.array(found.ravel())
            yield pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), flat, mask=pa.array(missing))

    function_: Any = apply
    return lambda column: function_(column)


def dense(matrix: Array) -> DenseMatrix:
    """Return a matrix in Spark's terms."""
    rows, columns = matrix.shape
    return DenseMatrix(rows, columns, matrix.ravel(), isTransposed=True)


def as_array(dataset: DataFrame, name: str, dtype: Literal["float64", "float32"] = "float64") -> Column:
    """Return a column of vectors or arrays as arrays of numbers of one kind; null stays null."""
    if isinstance(dataset.schema[name].dataType, VectorUDT):
        # Spark's function fails on a null, which an image that cannot be decoded has for features.
        return F.when(F.col(name).isNotNull(), vector_to_array(F.col(name), dtype))
    return F.col(name).cast(ArrayType(FloatType() if dtype == "float32" else DoubleType()))
