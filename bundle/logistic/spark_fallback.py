"""What no row space is for, fitted by Spark's own LogisticRegression with the common scale kept."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pyspark.ml.classification import LogisticRegression, _LogisticRegressionParams
from pyspark.ml.functions import array_to_vector
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

Array = npt.NDArray[np.float64]


def fit_by_spark(
    asked: _LogisticRegressionParams, dataset: DataFrame, features: Column, scaled: bool
) -> tuple[Array, Array]:
    """Fit with the Params that are set on `asked`.

    Parameters
    ----------
    features : Column
        Arrays of double.
    scaled : bool
        Whether the penalty is meant for features divided by their common scale.

    Returns
    -------
    coefficients : ndarray of float64, shape (k, d)
        For features as they are; one row for two classes, unless the family is multinomial.
    intercepts : ndarray of float64, shape (k,)
    """
    scale = _common_scale(dataset, features) if scaled else 1.0
    # The penalty on scaled features, written for features as they are: L1 goes with the scale, L2 with its
    # square.
    strength, mix = asked.getRegParam(), asked.getElasticNetParam()
    first, second = strength * mix * scale, strength * (1 - mix) * scale**2
    own = LogisticRegression()
    for param in asked.params:
        if asked.isSet(param) and own.hasParam(param.name):
            own.set(own.getParam(param.name), asked.getOrDefault(param))
    total = first + second
    own.setRegParam(total).setElasticNetParam(first / total if total else 0.0)
    own.setStandardization(asked.getStandardization()).setFeaturesCol("_vector")
    model = own.fit(dataset.withColumn("_vector", array_to_vector(features)))
    # Spark's two-class model has one row; its multinomial one a row for each class.
    found = np.asarray(model.coefficientMatrix.toArray(), np.float64)
    return np.atleast_2d(found), np.asarray(model.interceptVector.toArray(), np.float64)


def _common_scale(dataset: DataFrame, features: Column) -> float:
    columns = dataset.select(F.posexplode(features)).groupBy("pos").agg(F.var_samp("col").alias("variance"))
    row = columns.agg(F.avg("variance")).first()
    return float(np.sqrt(row[0])) if row is not None else 1.0
