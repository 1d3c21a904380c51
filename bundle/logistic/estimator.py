"""WideLogisticRegression: Spark's LogisticRegression for deep features, and for many folds of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from pyspark import keyword_only
from pyspark.ml import Estimator
from pyspark.ml.classification import _LogisticRegressionParams
from pyspark.ml.linalg import DenseVector
from pyspark.ml.param import Param, Params, TypeConverters
from pyspark.ml.util import DefaultParamsReadable, DefaultParamsWritable
from pyspark.sql import DataFrame

from logistic.columns import as_array, dense_matrix
from logistic.dataset import Dataset
from logistic.errors import LogisticError
from logistic.model import WideLogisticRegressionModel
from logistic.rows import Fit
from logistic.spark_fallback import fit_by_spark

Array = npt.NDArray[np.float64]


# More columns, if there are more rows, are left to Spark: see `logistic.batched`.
MOST_COLUMNS = 8192


class WideLogisticRegression(
    Estimator[WideLogisticRegressionModel],
    _LogisticRegressionParams,
    DefaultParamsReadable["WideLogisticRegression"],
    DefaultParamsWritable,
):
    """Logistic regression with Spark's Params and objective, solved to convergence, many fits at once.

    Use it instead of `pyspark.ml.classification.LogisticRegression` for deep features, which are wide (25,088
    to 204,800 a row) or of many rows, and for cross-validation (`fit_many`). Spark's solver stops after
    `maxIter` steps, which are often too few.

    With more columns than rows the solution lies in the span of the rows (Hastie & Tibshirani 2004,
    "Efficient quadratic regularization for expression arrays", Biostatistics 5): the inner products of the
    rows are computed once, and a problem with as many columns as rows is solved. The features of all rows
    must then fit on the driver (4 bytes each). With more rows than columns, all fits go together through some
    tens of passes over the rows: in memory up to 1 GB of features, else on the workers. Rows that are
    computed are then kept, as Spark's own estimators do, but on serverless compute, which cannot: give it a
    table.

    Other fits are left to Spark's estimator, with an equivalent penalty: an L1 part or no penalty, bounds,
    weights, no intercept, a family other than `auto`, and more rows than columns with more than 8,192
    columns. Only then do `maxIter` and `tol` count.

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
    >>> models = classifier.fit_many(rows, folds=["fold_of_patient"])
    >>> models["fold_of_patient", 0].transform(rows.where("fold_of_patient = 0"))
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

    def fit_many(
        self, dataset: DataFrame, folds: Sequence[str]
    ) -> dict[tuple[str, int], WideLogisticRegressionModel]:
        """Fit a model for each fold, all in one set of passes over the dataset, as cross-validation needs.

        Parameters
        ----------
        folds : sequence of str
            Names of integer columns, one for each way of dividing the rows: the fold in which a row is held
            out. Null or -1 means that it is in none, and always in training.

        Returns
        -------
        dict
            By column and fold: the model of all rows but those of the fold.

        Raises
        ------
        LogisticError
            If Params are set that `fit` leaves to Spark's estimator, or a fit has no rows of a class.
        """
        data = Dataset.read(dataset, self.getFeaturesCol(), self.getLabelCol(), folds)
        if not self._is_solvable(data):
            raise LogisticError(
                "fit_many needs regParam above 0, and none of elasticNetParam, weightCol, bounds, family or "
                f"fitIntercept; and at most {MOST_COLUMNS} columns if there are more rows"
            )
        names = [(split, fold) for split, present in enumerate(data.present) for fold in present]
        if not names:
            raise LogisticError(f"no row is in any fold of {', '.join(folds)}")
        models = self._fit_all(data, [Fit(0, split, fold) for split, fold in names])
        return {(folds[split], fold): model for (split, fold), model in zip(names, models, strict=True)}

    def _fit(self, dataset: DataFrame) -> WideLogisticRegressionModel:
        data = Dataset.read(dataset, self.getFeaturesCol(), self.getLabelCol(), [])
        if data.is_wide and self.getElasticNetParam() == 0 and self.getRegParam() == 0:
            raise LogisticError(
                "regParam must be greater than 0: with more columns than rows there is no finite solution"
            )
        if self._is_solvable(data):
            (model,) = self._fit_all(data, [Fit(0)])
            return model
        features = as_array(dataset, self.getFeaturesCol())
        matrix, intercepts = fit_by_spark(self, dataset, features, self._uses_common_scale())
        return self._model(matrix, intercepts, data.classes)

    def _is_solvable(self, data: Dataset) -> bool:
        special = any(self.isSet(param) for param in self.params if "Bounds" in param.name)
        special = special or self.isSet(self.weightCol) or self.getFamily() != "auto"
        ridge = self.getElasticNetParam() == 0 and self.getRegParam() > 0 and self.getFitIntercept()
        return ridge and not special and (data.is_wide or data.columns <= MOST_COLUMNS)

    def _fit_all(self, data: Dataset, fits: Sequence[Fit]) -> list[WideLogisticRegressionModel]:
        models = data.fit(fits, self.getRegParam(), self.getStandardization(), self.getCommonScale())
        return [self._model(model.coefficients, model.intercept, data.classes) for model in models]

    def _model(self, matrix: Array, intercepts: Array, classes: int) -> WideLogisticRegressionModel:
        model = WideLogisticRegressionModel(dense_matrix(matrix), DenseVector(intercepts), classes)
        return self._copyValues(model)

    def _uses_common_scale(self) -> bool:
        return self.getCommonScale() and not self.getStandardization() and self.getRegParam() > 0
