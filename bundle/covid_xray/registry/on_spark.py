"""Apply a model on Spark, as a pipeline."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from logistic.columns import as_array, dense_matrix
from logistic.model import WideLogisticRegressionModel
from pyspark.ml import PipelineModel, Transformer
from pyspark.ml.linalg import DenseVector
from pyspark.sql import Column, DataFrame
from pyspark.sql.functions import arrow_udf  # type: ignore[attr-defined]
from pyspark.sql.types import DoubleType
from sparkdl import DeepImageFeaturizer

from covid_xray.features.preprocessing import LungField
from covid_xray.registry.class_name import ClassName
from covid_xray.registry.distance import Array, distances_from
from covid_xray.registry.saved import SavedModel

_CONTENT, _LUNGS, _FEATURES, _INDEX, _RAW = "content", "lung_field", "features", "class_index", "margins"


def pipeline(model: SavedModel) -> PipelineModel:
    """Return the pipeline from a column `content` (encoded files) to `prediction` (the class name)."""
    about = model.about
    crop = about.preprocessing == "lungs"
    featurizer = DeepImageFeaturizer(
        inputCol=_LUNGS if crop else _CONTENT,
        outputCol=_FEATURES,
        modelName=about.backbone,
        scaleHint=about.scale_hint,
        weights=about.weights,
        pooling=about.pooling,
        batchSize=about.batch_size,
        precision=about.precision,
    )
    name = ClassName(inputCol=_INDEX, outputCol="prediction", classes=about.classes)
    stages: list[Transformer] = [featurizer, _regression(model), name]
    return PipelineModel([LungField(inputCol=_CONTENT, outputCol=_LUNGS), *stages] if crop else stages)


def apply(model: SavedModel, images: DataFrame) -> DataFrame:
    """Add `prediction`, `probability` (an array in the order of the classes) and `distance`.

    Parameters
    ----------
    images : DataFrame
        Column `content`: encoded files that the networks' decoder can read, which is dropped.

    Returns
    -------
    DataFrame
        All three are null if `content` is null or cannot be decoded.
    """
    predictions, classifier = pipeline(model).transform(images), model.classifier
    features = as_array(predictions, _FEATURES)
    return predictions.withColumns(
        {
            "probability": as_array(predictions, "probability"),
            "distance": _distance(classifier.mean, classifier.spread.scale, features),
        }
    ).drop(_CONTENT, _LUNGS, _FEATURES, _INDEX, _RAW)


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
