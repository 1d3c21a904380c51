"""A saved model says the same on Spark as in one process."""

import io

import numpy as np
import pytest
from covid_xray.registry.classifier import Classifier
from covid_xray.registry.distance import FeatureSpread
from covid_xray.registry.in_process import predict
from covid_xray.registry.on_spark import apply
from covid_xray.registry.saved import About, SavedModel, load, save
from PIL import Image
from sparkdl.weights import resolve


@pytest.fixture
def files():
    made = []
    for place in range(3):
        file = io.BytesIO()
        picture = np.random.default_rng(place).integers(0, 256, (60, 50), dtype=np.uint8)
        Image.fromarray(picture).save(file, "PNG")
        made.append(file.getvalue())
    return made


@pytest.mark.thorough
def test_probabilities_and_distances_are_those_of_one_process(spark, store, files, tmp_path):
    weights = resolve("random", "ResNet50", store)
    about = About(
        run_id="r1",
        backbone="ResNet50",
        task="binary",
        classes=("Covid-19", "No_findings"),
        weights=str(weights.path),
        weights_id=weights.sha256,
        pooling="published",
        preprocessing="plain",
        scale_hint="SCALE_AREA_AVERAGING",
        batch_size=2,
        image_ids=(),
        dimensionality=64,
    )
    coefficients = np.random.default_rng(4).normal(0, 1e-3, (1, 64))
    classifier = Classifier(coefficients, np.array([0.1]), np.zeros(64), FeatureSpread(1.0, 0.0, 1e6))
    save(SavedModel(about, classifier), "# card", tmp_path)
    model = load(tmp_path)
    frame = spark.createDataFrame([(n, file) for n, file in enumerate(files)], "id INT, content BINARY")
    rows = apply(model, frame.coalesce(1)).orderBy("id").collect()
    expected = predict(model, files, 2)
    np.testing.assert_allclose(
        [row.probability for row in rows], [one.probability for one in expected], atol=1e-5
    )
    np.testing.assert_allclose([row.distance for row in rows], [one.distance for one in expected], rtol=1e-4)
