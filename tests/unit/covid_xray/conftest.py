"""A small model of a made-up weights file, which no network has to read, and a registry to put it in."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from covid_xray.registry.classifier import Classifier
from covid_xray.registry.distance import FeatureSpread
from covid_xray.registry.promotion import PromotionCriteria
from covid_xray.registry.registry import Registry, registry_at
from covid_xray.registry.saved import About, SavedModel, save
from covid_xray.registry.versions import Record, Version

MEASURED = PromotionCriteria("imagenet", 0.9, 0.93)


@pytest.fixture
def make_model(tmp_path: Path) -> Callable[..., SavedModel]:
    weights = tmp_path / "resnet50_notop.weights.h5"
    weights.write_bytes(b"weights")

    def make(**changes: object) -> SavedModel:
        about = {
            "run_id": "r1",
            "backbone": "ResNet50",
            "task": "binary",
            "classes": ("Covid-19", "No_findings"),
            "weights": str(weights),
            "weights_id": hashlib.sha256(b"weights").hexdigest(),
            "pooling": "published",
            "preprocessing": "plain",
            "scale_hint": "SCALE_AREA_AVERAGING",
            "batch_size": 16,
            "image_ids": ("a", "b", "c"),
        }
        spread = FeatureSpread(0.1 + 0.2, 0.5, 1.5)
        classifier = Classifier(np.array([[0.25, -1 / 3]]), np.array([0.5]), np.array([1.0, 2.0]), spread)
        return SavedModel(About.model_validate(about | changes), classifier)

    return make


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """A SQLite store, made once: that takes longer than logging a model."""
    folder = tmp_path_factory.mktemp("registry") / "out put" / "mlflow"
    return registry_at(f"sqlite:///{folder}/mlflow.db", "main", "xray", "covid_xray")


@pytest.fixture
def log(
    registry: Registry,
    make_model: Callable[..., SavedModel],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Callable[..., Version]:
    """Register a version of a model of the test's own."""
    task = request.node.originalname
    name = registry.name_of("ResNet50", task)

    def log(
        inputs: str = "i1",
        criteria: PromotionCriteria = MEASURED,
        then: Callable[[Version], object] = lambda version: None,
        **metrics: float,
    ) -> Version:
        folder = tmp_path / inputs
        folder.mkdir()
        save(make_model(task=task), "# card", folder)
        identity = {"inputs_id": inputs}
        record = Record(name, "ResNet50", identity, {"seed": "1"}, metrics, {}, criteria.tags(), {})
        with registry.log(record, folder) as version:
            then(version)
            return version

    return log
