"""Apply a model on Spark."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from logistic.columns import as_array, dense_matrix
from logistic.model import WideLogisticRegressionModel
from pyspark.ml import PipelineModel
from pyspark.ml.linalg import DenseVector
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.functions import arrow_udf  # type: ignore[attr-defined]
from pyspark.sql.types import DoubleType
from sparkdl.column import features
from sparkdl.output import with_vectors

from covid_xray.features.preprocessing import preprocessed
from covid_xray.registry.class_name import ClassName
from covid_xray.registry.distance import Array, distances_from
from covid_xray.registry.saved import SavedModel

_CONTENT, _FEATURES, _INDEX, _RAW = "content", "features", "class_index", "margins"


def apply(model: SavedModel, images: DataFrame) -> DataFrame:
    """Add `prediction` (the class), `probability` (an array in the order of the classes) and `distance`.

    Parameters
    ----------
    images : DataFrame
        Column `content`: encoded files that the networks' decoder can read, which is dropped.

    Returns
    -------
    DataFrame
        All three are null if `content` is null or cannot be decoded.
    """
    about, classifier = model.about, model.classifier
    picture = preprocessed(F.col(_CONTENT), about.preprocessing)
    computed = features(picture, about.network_spec(), about.scale_hint, about.batch_size)
    predictions = _classifier(model).transform(with_vectors(images, _FEATURES, computed))
    return predictions.withColumns(
        {
            "probability": as_array(predictions, "probability"),
            "distance": _distance(classifier.mean, classifier.spread.scale, as_array(predictions, _FEATURES)),
        }
    ).drop(_CONTENT, _FEATURES, _INDEX, _RAW)


def _classifier(model: SavedModel) -> PipelineModel:
    name = ClassName(inputCol=_INDEX, outputCol="prediction", classes=model.about.classes)
    return PipelineModel([_regression(model), name])


def _regression(model: SavedModel) -> WideLogisticRegressionModel:
    classifier = model.classifier
    regression = WideLogisticRegressionModel(
        dense_matrix(classifier.coefficients), DenseVector(classifier.intercepts), len(model.about.classes)
    )
    columns = {
        regression.featuresCol: _FEATURES,
        regression.predictionCol: _INDEX,
        regression.rawPredictionCol: _RAW,
    }
    for param, name in columns.items():
        regression.set(param, name)
    return regression


def _distance(mean: Array, scale: float, features: Column) -> Column:
    """Return the distance of each row of features, arrays of length d; null for null."""

    @arrow_udf(DoubleType())  # type: ignore[untyped-decorator]
    def distance(batch: pa.Array) -> pa.Array:
        distances, valid = np.zeros(len(batch)), ~np.asarray(batch.is_null())
        if valid.any():
            rows = batch.drop_null().flatten().to_numpy(zero_copy_only=False).reshape(-1, len(mean))
            distances[valid] = distances_from(mean, scale, rows)
        return pa.array(distances, mask=~valid)

    column: Column = distance(features)
    return column
