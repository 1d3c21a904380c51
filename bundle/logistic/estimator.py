"""WideLogisticRegression: Spark's LogisticRegression for data with more columns than rows."""

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

from logistic.columns import as_array, as_arrow, as_matrix, dense_matrix, feature_length
from logistic.errors import LogisticError
from logistic.feature_rows import FeatureRows
from logistic.model import WideLogisticRegressionModel
from logistic.row_space import coefficients, common_scale, fit_rows, gram
from logistic.spark_fallback import fit_by_spark

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
    """Logistic regression for more columns than rows: Spark's Params and objective, solved exactly.

    Use it instead of `pyspark.ml.classification.LogisticRegression` where a row has more features than
    there are rows, for instance 25,088 to 204,800 deep features of some thousand images. Spark's solver
    iterates over all columns, and stops after `maxIter` steps. The solution of an L2-penalised model lies
    in the span of the rows (Hastie & Tibshirani 2004, "Efficient quadratic regularization for expression
    arrays", Biostatistics 5), so this one computes the inner products of the rows once and solves a problem
    with as many columns as rows, to convergence. The features of all rows must fit on the driver (4 bytes
    each).

    Any other fit is delegated to Spark's estimator, with an equivalent penalty: as many rows as columns or
    more, an L1 part, bounds, weights, no intercept, or a family other than `auto`. Only then do `maxIter` and
    `tol` count.

    Parameters
    ----------
    commonScale : bool
        Divide all features by one number before fitting, the root of the mean variance of the columns over
        the training rows, so that one `regParam` suits features of any scale; True by default. The
        coefficients of the model are those of the unscaled features.
    standardization : bool
        As in Spark, penalise columns divided by their own standard deviations (a constant one gets 0). False
        by default, unlike in Spark, since on flat deep features the common scale gives the better model. If
        True, the common scale makes no difference.
    featuresCol : str
        Vectors, arrays of numbers, or packed features (binary: float32, little-endian), which Spark transfers
        fastest.
    others
        As in `pyspark.ml.classification.LogisticRegression`.

    Examples
    --------
    >>> from logistic import WideLogisticRegression
    >>> classifier = WideLogisticRegression(featuresCol="features", labelCol="label", regParam=0.05)
    >>> model = classifier.fit(training)
    >>> model.transform(held_out).select("prediction", "probability").show()
    >>> model.write().overwrite().save("model")
    """

    commonScale: Param[bool] = Param(
        Params._dummy(),
        "commonScale",
        "whether all features are divided by their common scale before fitting",
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
        fit = self._fit_in_row_space if self._is_solvable_in_row_space(shape) else self._fit_by_spark
        matrix, intercepts = fit(dataset, shape)
        model = WideLogisticRegressionModel(dense_matrix(matrix), DenseVector(intercepts), shape.classes)
        return self._copyValues(model)

    def _shape(self, dataset: DataFrame) -> _Shape:
        # Both queries are small, and starting one takes longer than running it: run them at the same time.
        labels_query = dataset.select(F.col(self.getLabelCol()).cast("double").alias("label"))
        with_features = dataset.where(F.col(self.getFeaturesCol()).isNotNull())
        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(labels_query.toArrow)
            first = with_features.select(feature_length(dataset, self.getFeaturesCol())).first()
            column = future.result()["label"]
        _reject_nulls(self.getLabelCol(), column)
        if first is None:
            raise LogisticError("logistic regression needs rows with features, and got none")
        labels = column.to_numpy()
        if labels.min() < 0 or (labels != np.floor(labels)).any():
            raise LogisticError(f"column {self.getLabelCol()} must hold whole numbers from 0, as doubles")
        return _Shape(rows=len(labels), columns=first[0], classes=max(2, int(labels.max()) + 1))

    def _is_solvable_in_row_space(self, shape: _Shape) -> bool:
        special = any(self.isSet(param) for param in self.params if "Bounds" in param.name)
        special = special or self.isSet(self.weightCol)
        wide = shape.columns > shape.rows and self.getElasticNetParam() == 0
        if wide and self.getRegParam() == 0:
            raise LogisticError(
                "regParam must be greater than 0: with more columns than rows there is no finite solution"
            )
        return wide and not special and self.getFitIntercept() and self.getFamily() == "auto"

    def _fit_in_row_space(self, dataset: DataFrame, shape: _Shape) -> tuple[Array, Array]:
        column = as_arrow(dataset, self.getFeaturesCol(), "float32").alias("features")
        label = F.col(self.getLabelCol()).cast("int").alias("label")
        table = dataset.select(column, label).toArrow()
        _reject_nulls(self.getFeaturesCol(), table["features"])
        features = FeatureRows.in_order(*(as_matrix(c) for c in table["features"].chunks if len(c)))
        codes = table["label"].to_numpy().astype(np.int64)
        if len(np.unique(codes)) < shape.classes:
            raise LogisticError(
                f"column {self.getLabelCol()} lacks a class: "
                f"number the labels from 0 to {shape.classes - 1} without gaps"
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
        return fit_by_spark(self, dataset, features, self._uses_common_scale())

    def _uses_common_scale(self) -> bool:
        return self.getCommonScale() and not self.getStandardization() and self.getRegParam() > 0


def _reject_nulls(name: str, values: pa.ChunkedArray) -> None:
    if missing := values.null_count:
        raise LogisticError(f"column {name} is null in {missing} of {len(values)} rows: remove those rows")
