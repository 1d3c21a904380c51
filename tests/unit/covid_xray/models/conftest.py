"""A small model of a made-up weights file, which no network has to read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from covid_xray.models.distance import Spread
from covid_xray.models.refit import Classifier
from covid_xray.models.saved import About, SavedModel


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
        spread = Spread(0.1 + 0.2, 0.5, 1.5)
        classifier = Classifier(np.array([[0.25, -1 / 3]]), np.array([0.5]), np.array([1.0, 2.0]), spread)
        return SavedModel(About.model_validate(about | changes), classifier)

    return make
