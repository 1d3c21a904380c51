"""A model is applied in one process, without Spark."""

import io
import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from covid_xray.errors import ModelError
from covid_xray.registry.classifier import Classifier
from covid_xray.registry.distance import FeatureSpread
from covid_xray.registry.in_process import predict
from covid_xray.registry.loader import PythonFunction
from covid_xray.registry.saved import SavedModel, load, save
from covid_xray.settings.own_network import OwnNetwork
from PIL import Image
from sparkdl.backbones import backbone
from sparkdl.feature_map import FeatureMap
from sparkdl.images import to_input
from sparkdl.network import Network, NetworkSpec
from sparkdl.projection import project
from sparkdl.weights import resolve, sha256_of

from tests.models import save_model


@pytest.fixture(scope="module")
def weights(store):
    return resolve("random", "VGG16", store)


@pytest.fixture
def model(make_model, weights):
    """A model of VGG16's averaged features, which tells dark pictures from bright ones."""

    def make(**changes):
        own = {"weights": str(weights.path), "weights_id": weights.sha256, "pooling": "avg", "batch_size": 2}
        about = make_model(backbone="VGG16", **own, **changes).about
        random = np.random.default_rng(4)
        spread = FeatureSpread(1.0, 0.0, 1e6)
        classifier = Classifier(random.normal(0, 1e-3, (1, 512)), np.array([0.1]), np.zeros(512), spread)
        return SavedModel(about, classifier)

    return make


@pytest.fixture(scope="module")
def files():
    made = []
    for place in range(3):
        picture = np.random.default_rng(place).integers(0, 256, (60, 50), dtype=np.uint8)
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "PNG")
        made.append(file.getvalue())
    return made


@pytest.fixture(scope="module")
def averaged(files, weights):
    """VGG16's averaged features of the files, shape (3, 512)."""
    inputs = np.stack([to_input(file, 224, "SCALE_AREA_AVERAGING") for file in files])
    return Network(NetworkSpec(backbone("VGG16"), str(weights.path), "avg")).apply(inputs)


def test_probabilities_are_those_of_the_classifier_on_the_networks_features(model, files, averaged):
    made = model()
    second = 1 / (1 + np.exp(-(averaged @ made.classifier.coefficients[0] + 0.1)))
    found = predict(made, [files[0], b"no picture", *files[1:], None], 2)
    assert (found[1], found[4]) == (None, None)
    known = [one for one in found if one is not None]
    np.testing.assert_allclose(
        [one.probability for one in known], np.stack([1 - second, second], axis=1), atol=1e-6
    )
    assert [one.prediction for one in known] == [made.about.classes[int(p > 0.5)] for p in second]
    np.testing.assert_allclose(
        [one.distance for one in known], np.sqrt((averaged**2).mean(axis=1)), rtol=1e-4
    )
    assert [one.out_of_distribution for one in known] == [False] * 3


def test_features_are_projected_as_in_training_on_spark_too(model, files, averaged, tmp_path):
    made = model(dimensionality=64)
    fewer = replace(made.classifier, coefficients=made.classifier.coefficients[:, :64], mean=np.zeros(64))
    save(SavedModel(made.about, fewer), "# card", tmp_path)
    found = predict(load(tmp_path), files, 2)
    second = 1 / (1 + np.exp(-(project(averaged, 64) @ fewer.coefficients[0] + 0.1)))
    np.testing.assert_allclose([one.probability[1] for one in found], second, atol=1e-6)


def test_pictures_are_preprocessed_as_in_training(model, files):
    plain, lungs = (predict(model(preprocessing=name), files, 2) for name in ("plain", "lungs"))
    assert all(one.distance != other.distance for one, other in zip(plain, lungs, strict=True))


def test_rows_keep_their_index(model, files):
    import pandas as pd

    images = pd.DataFrame({"content": [b"", files[0], None, float("nan")]}, index=[7, 3, 5, 4])
    found = PythonFunction(model()).predict(images)
    assert found.index.tolist() == [7, 3, 5, 4]
    assert found["prediction"].isna().tolist() == [True, False, True, True]
    assert found["out_of_distribution"].tolist() == [True, False, True, True]


@pytest.mark.parametrize("content", ["a.png", 3, [1, 2]])
def test_what_is_no_file_is_refused_with_what_to_give(model, content):
    import pandas as pd

    with pytest.raises(ModelError, match=r"content holds (str|int|list), and takes the bytes"):
        PythonFunction(model()).predict(pd.DataFrame({"content": [content]}))


def test_a_network_of_ones_own_travels_with_the_model(make_model, files, tmp_path):
    file, folder = tmp_path / "mine.keras", tmp_path / "model"
    keras_model = save_model(file, (64, 64, 1))
    own = OwnNetwork(model=str(file), preprocessing="unit")
    about = make_model(
        **{"backbone": "Mine", "weights": str(file), "weights_id": sha256_of(file), "pooling": "avg"},
        **{"own": own, "shapes": FeatureMap(64, 1, 8, 6)},
    ).about
    classifier = Classifier(np.ones((1, 6)), np.zeros(1), np.zeros(6), FeatureSpread(1.0, 0.0, 1e6))
    folder.mkdir()
    save(SavedModel(about, classifier), "# card", folder, carry_weights=True)
    file.unlink()
    found = predict(load(folder), files, 2)
    inputs = np.stack([to_input(one, 64, "SCALE_AREA_AVERAGING")[:, :, :1] for one in files])
    features = keras_model(inputs.astype(np.float32) / 255).numpy().mean((1, 2))
    expected = 1 / (1 + np.exp(-features.sum(1)))
    np.testing.assert_allclose([one.probability[1] for one in found], expected, rtol=1e-4)


IN_A_SERVER = """
import json, sys
from pathlib import Path
from covid_xray.registry.loader import _load_pyfunc
import pandas as pd
found = _load_pyfunc(sys.argv[1]).predict(pd.DataFrame({"content": [Path(sys.argv[2]).read_bytes()]}))
print(json.dumps([found["probability"][0], sorted(name for name in sys.modules if name == "pyspark")]))
"""


def test_no_spark_is_needed(model, files, tmp_path):
    folder, file = tmp_path / "model", tmp_path / "a.png"
    folder.mkdir()
    save(model(), "# card", folder)
    file.write_bytes(files[0])
    command = [sys.executable, "-c", IN_A_SERVER, str(folder), str(file)]
    probability, spark = json.loads(subprocess.check_output(command, text=True))
    assert spark == []
    np.testing.assert_allclose(probability, predict(load(folder), [files[0]], 2)[0].probability, atol=1e-6)
