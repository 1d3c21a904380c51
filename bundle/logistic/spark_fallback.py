"""Fit by Spark's own LogisticRegression what this package does not solve, with the same common scale."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pyspark.ml.classification import LogisticRegression, _LogisticRegressionParams
from pyspark.ml.functions import array_to_vector
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

Array = npt.NDArray[np.float64]


def fit_by_spark(
    params: _LogisticRegressionParams, dataset: DataFrame, features: Column, use_common_scale: bool
) -> tuple[Array, Array]:
    """Fit Spark's estimator with the Params that are set on `params`.

    Parameters
    ----------
    features : Column
        Arrays of double.
    use_common_scale : bool
        Whether the penalty applies to features divided by their common scale.

    Returns
    -------
    coefficients : ndarray of float64, shape (k, d)
        For unscaled features; one row for two classes, unless the family is multinomial.
    intercepts : ndarray of float64, shape (k,)
    """
    scale = _common_scale(dataset, features) if use_common_scale else 1.0
    # The same penalty on unscaled features: the L1 part is proportional to the scale, the L2 part to its
    # square.
    strength, mix = params.getRegParam(), params.getElasticNetParam()
    l1, l2 = strength * mix * scale, strength * (1 - mix) * scale**2
    estimator = LogisticRegression()
    for param in params.params:
        if params.isSet(param) and estimator.hasParam(param.name):
            estimator.set(estimator.getParam(param.name), params.getOrDefault(param))
    total = l1 + l2
    estimator.setRegParam(total).setElasticNetParam(l1 / total if total else 0.0)
    estimator.setStandardization(params.getStandardization()).setFeaturesCol("_vector")
    model = estimator.fit(dataset.withColumn("_vector", array_to_vector(features)))
    # Spark's binomial model has one row, its multinomial model one row per class.
    coefficients = np.asarray(model.coefficientMatrix.toArray(), np.float64)
    return np.atleast_2d(coefficients), np.asarray(model.interceptVector.toArray(), np.float64)


def _common_scale(dataset: DataFrame, features: Column) -> float:
    columns = dataset.select(F.posexplode(features)).groupBy("pos").agg(F.var_samp("col").alias("variance"))
    row = columns.agg(F.avg("variance")).first()
    return float(np.sqrt(row[0])) if row is not None else 1.0
