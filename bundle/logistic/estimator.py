"""Spark's LogisticRegression for data with more columns than rows, solved exactly where it can be.

Deep features are 25,088 to 204,800 columns on some thousand rows. Spark's solver iterates over all columns;
an L2-penalised model needs the inner products of the rows only (`rowspace`), and converges.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark import keyword_only
from pyspark.ml import Estimator
from pyspark.ml.classification import _LogisticRegressionParams
from pyspark.ml.linalg import DenseVector
from pyspark.ml.param import Param, Params, TypeConverters
from pyspark.ml.util import DefaultParamsReadable, DefaultParamsWritable
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from logistic.errors import LogisticError
from logistic.feature_rows import FeatureRows
from logistic.model import WideLogisticRegressionModel
from logistic.row_space import coefficients, common_scale, fit_rows, gram
from logistic.spark_fallback import fit_by_spark
from logistic.vectors import as_array, as_matrix, as_rows, dense, length

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Shape:
    rows: int
    columns: int
    classes: int


class WideLogisticRegression(
    Estimator[WideLogisticRegressionModel],
    _LogisticRegressionParams,
    DefaultParamsReadable["WideLogisticRegression"],
    DefaultParamsWritable,
):
    """Logistic regression with the Params and the objective of Spark's.

    With more columns than rows, an L2 penalty alone, an intercept, no weights and the family `auto`, it is
    solved in the row space; the features of all rows then pass through the driver (4 bytes a number).
    Anything else goes to Spark's own estimator, with penalties that keep the common scale.

    Parameters
    ----------
    commonScale : bool
        Divide all features by one number before fitting, the root of the mean variance of the columns over
        the training rows; True by default. The coefficients are those of the features as they are.
    standardization : bool
        Spark's: penalise columns divided by their own standard deviations (a constant one gets 0). False by
        default, unlike Spark's, since on flat features the common scale gives the better model. When True,
        the common scale makes no difference.
    featuresCol : str
        Vectors, arrays of numbers, or binary as in the table `features` (float32, little-endian), which
        Spark hands over fastest.
    others
        As `pyspark.ml.classification.LogisticRegression`.
    """

    commonScale: Param[bool] = Param(
        Params._dummy(),
        "commonScale",
        "whether all features are divided by one number",
        TypeConverters.toBoolean,
    )

    @keyword_only
    def __init__(
        self,
        *,
        featuresCol: str = "features",
        labelCol: str = "label",
        predictionCol: str = "prediction",
        probabilityCol: str = "probability",
        rawPredictionCol: str = "rawPrediction",
        regParam: float = 0.0,
        elasticNetParam: float = 0.0,
        maxIter: int = 100,
        tol: float = 1e-6,
        standardization: bool = False,
        commonScale: bool = True,
        threshold: float = 0.5,
        weightCol: str | None = None,
    ) -> None:
        super().__init__()
        self._setDefault(standardization=False, commonScale=True)
        self._set(**self._input_kwargs)  # type: ignore[attr-defined]

    def setCommonScale(self, value: bool) -> WideLogisticRegression:
        """Set `commonScale`."""
        return self._set(commonScale=value)

    def getCommonScale(self) -> bool:
        """Return `commonScale`."""
        return self.getOrDefault(self.commonScale)

    def setRegParam(self, value: float) -> WideLogisticRegression:
        """Set `regParam`."""
        return self._set(regParam=value)

    def setStandardization(self, value: bool) -> WideLogisticRegression:
        """Set `standardization`."""
        return self._set(standardization=value)

    def _fit(self, dataset: DataFrame) -> WideLogisticRegressionModel:
        shape = self._shape(dataset)
        fit = self._fit_in_row_space if self._is_for_row_space(shape) else self._fit_by_spark
        found, intercepts = fit(dataset, shape)
        model = WideLogisticRegressionModel(dense(found), DenseVector(intercepts), shape.classes)
        return self._copyValues(model)

    def _shape(self, dataset: DataFrame) -> _Shape:
        # Labels alone are read in no time, and one row tells how long all are: what takes time is to ask.
        labels_alone = dataset.select(F.col(self.getLabelCol()).cast("double").alias("label"))
        there = dataset.where(F.col(self.getFeaturesCol()).isNotNull())
        with ThreadPoolExecutor(1) as beside:
            asked = beside.submit(labels_alone.toArrow)
            one = there.select(length(dataset, self.getFeaturesCol())).first()
            column = asked.result()["label"]
        _refuse_nulls(self.getLabelCol(), column)
        if one is None:
            raise LogisticError("logistic regression got no rows")
        labels = column.to_numpy()
        if labels.min() < 0 or (labels != np.floor(labels)).any():
            raise LogisticError(f"column {self.getLabelCol()} must hold whole numbers from 0, as doubles")
        return _Shape(rows=len(labels), columns=one[0], classes=max(2, int(labels.max()) + 1))

    def _is_for_row_space(self, shape: _Shape) -> bool:
        special = any(self.isSet(param) for param in self.params if "Bounds" in param.name)
        special = special or self.isSet(self.weightCol)
        wide = shape.columns > shape.rows and self.getElasticNetParam() == 0
        if wide and self.getRegParam() == 0:
            raise LogisticError(
                "regParam must be greater than 0 with more columns than rows: no finite solution"
            )
        return wide and not special and self.getFitIntercept() and self.getFamily() == "auto"

    def _fit_in_row_space(self, dataset: DataFrame, shape: _Shape) -> tuple[Array, Array]:
        column = as_rows(dataset, self.getFeaturesCol(), "float32").alias("features")
        label = F.col(self.getLabelCol()).cast("int").alias("label")
        table = dataset.select(column, label).toArrow()
        _refuse_nulls(self.getFeaturesCol(), table["features"])
        features = FeatureRows.in_order(*(as_matrix(c) for c in table["features"].chunks if len(c)))
        codes = table["label"].to_numpy().astype(np.int64)
        if len(np.unique(codes)) < shape.classes:
            raise LogisticError(
                f"column {self.getLabelCol()} has no rows of some class below {shape.classes}"
            )
        divisor = self._divisor(features)
        inner = gram(features, divisor)
        rows = np.arange(shape.rows)
        scale = common_scale(inner, rows, shape.columns) if divisor is None and self.getCommonScale() else 1.0
        fit = fit_rows(inner, rows, codes, shape.classes, self.getRegParam() * scale**2)
        return coefficients(fit, inner, features, divisor)

    def _divisor(self, features: FeatureRows) -> Array | None:
        if not self.getStandardization():
            return None
        deviation = np.concatenate([block.std(axis=0, ddof=1) for _, block in features.blocks()])
        return np.where(deviation > 0, deviation, np.inf)

    def _fit_by_spark(self, dataset: DataFrame, _: _Shape) -> tuple[Array, Array]:
        features = as_array(dataset, self.getFeaturesCol())
        return fit_by_spark(self, dataset, features, self._scales())

    def _scales(self) -> bool:
        return self.getCommonScale() and not self.getStandardization() and self.getRegParam() > 0


def _refuse_nulls(name: str, values: pa.ChunkedArray) -> None:
    if missing := values.null_count:
        raise LogisticError(f"column {name} is null in {missing} of {len(values)} rows: leave those out")
