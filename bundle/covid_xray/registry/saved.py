"""Save and load classifiers as files, and build Spark pipelines from them.

The files are JSON and NumPy arrays, which contain no code. Spark's persistence is not used: it reads and
writes through the JVM and needs a folder shared by driver and executors, while a registry provides a folder
on the driver only.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sparkdl.weights
from logistic.columns import as_array, dense_matrix
from logistic.model import WideLogisticRegressionModel
from pydantic import BaseModel, ConfigDict
from pyspark.ml import PipelineModel, Transformer
from pyspark.ml.linalg import DenseVector
from pyspark.sql import DataFrame
from sparkdl import DeepImageFeaturizer
from sparkdl.precision import FLOAT32

from covid_xray.errors import ModelError
from covid_xray.features.preprocessing import LungField
from covid_xray.registry.class_name import ClassName
from covid_xray.registry.classifier import Classifier
from covid_xray.registry.distance import FeatureSpread, distance_from

CARD = "card.md"
_ABOUT, _ARRAYS = "model.json", "arrays.npz"
_CONTENT, _LUNGS, _FEATURES, _INDEX, _RAW = "content", "lung_field", "features", "class_index", "margins"


class About(BaseModel):
    """The metadata of a model.

    Attributes
    ----------
    classes : tuple of str
        In the order of the probabilities.
    weights : str
        Path of the weights file, which driver and workers can read; it is not copied into the model.
    weights_id : str
        sha256 of the weights file.
    image_ids : tuple of str
        The training images.
    pixel_ids : tuple of str
        The same by their pixels; empty in models of versions before 0.2.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_id: str
    backbone: str
    task: str
    classes: tuple[str, ...]
    weights: str
    weights_id: str
    pooling: str
    preprocessing: str
    scale_hint: str
    precision: str = FLOAT32
    batch_size: int
    image_ids: tuple[str, ...]
    pixel_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class SavedModel:
    """A classifier with its metadata, which can be applied to images."""

    about: About
    classifier: Classifier

    def pipeline(self) -> PipelineModel:
        """Return the pipeline from a column `content` (encoded files) to `prediction` (the class name)."""
        about = self.about
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
        stages: list[Transformer] = [featurizer, self._regression(), name]
        return PipelineModel([LungField(inputCol=_CONTENT, outputCol=_LUNGS), *stages] if crop else stages)

    def _regression(self) -> WideLogisticRegressionModel:
        classifier = self.classifier
        model = WideLogisticRegressionModel(
            dense_matrix(classifier.coefficients), DenseVector(classifier.intercepts), len(self.about.classes)
        )
        columns = {model.featuresCol: _FEATURES, model.predictionCol: _INDEX, model.rawPredictionCol: _RAW}
        for param, name in columns.items():
            model.set(param, name)
        return model

    def apply(self, images: DataFrame) -> DataFrame:
        """Add `prediction`, `probability` (an array in the order of the classes) and `distance`.

        All three are null if `content` is null or cannot be decoded.
        """
        predictions, classifier = self.pipeline().transform(images), self.classifier
        features = as_array(predictions, _FEATURES)
        return predictions.withColumns(
            {
                "probability": as_array(predictions, "probability"),
                "distance": distance_from(classifier.mean, classifier.spread.scale, features),
            }
        ).drop(_CONTENT, _LUNGS, _FEATURES, _INDEX, _RAW)


def save(model: SavedModel, card: str, folder: Path) -> None:
    """Write a model and its card to an existing folder."""
    classifier = model.classifier
    (folder / _ABOUT).write_text(model.about.model_dump_json(indent=1), encoding="utf-8")
    (folder / CARD).write_text(card, encoding="utf-8")
    spread = np.array([classifier.spread.scale, classifier.spread.low, classifier.spread.high])
    np.savez(
        folder / _ARRAYS,
        coefficients=classifier.coefficients,
        intercepts=classifier.intercepts,
        mean=classifier.mean,
        spread=spread,
    )


def load(folder: Path) -> SavedModel:
    """Read a model, and check that its weights file is unchanged.

    Raises
    ------
    ModelError
        If the weights file is missing or has changed.
    """
    about = About.model_validate_json((folder / _ABOUT).read_text(encoding="utf-8"))
    about = about.model_copy(update={"weights": str(_weights_file(about, folder))})
    with np.load(folder / _ARRAYS, allow_pickle=False) as arrays:
        spread = FeatureSpread(*map(float, arrays["spread"]))
        classifier = Classifier(arrays["coefficients"], arrays["intercepts"], arrays["mean"], spread)
    return SavedModel(about, classifier)


def _weights_file(about: About, folder: Path) -> Path:
    """Return the model's weights file: first the one that moved or was copied with the model."""
    recorded = Path(about.weights)
    moved = [parent / recorded.parent.name / recorded.name for parent in folder.absolute().parents]
    existing = [file for file in (*moved, recorded) if file.is_file()]
    for file in existing:
        if sparkdl.weights.sha256_of(file) == about.weights_id:
            return file
    name = f"the model of {about.backbone} for {about.task}"
    remedy = f"restore the file with sha256 {about.weights_id}, or register the model again"
    if not existing:
        raise ModelError(f"{name} needs the weights file {recorded}, which does not exist: {remedy}")
    raise ModelError(f"{name} was trained with other weights than {existing[0]} now contains: {remedy}")
