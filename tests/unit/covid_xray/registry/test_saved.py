import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from covid_xray.errors import ModelError
from covid_xray.registry.saved import load, save


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "model").mkdir()
    return tmp_path / "model"


def test_a_model_is_restored_exactly_from_its_files(make_model, folder):
    model = make_model()
    save(model, "# card", folder)
    found = load(folder)
    assert found.about == model.about
    assert found.classifier.spread == model.classifier.spread
    for name in ("coefficients", "intercepts", "mean"):
        np.testing.assert_array_equal(getattr(found.classifier, name), getattr(model.classifier, name))
    assert (folder / "card.md").read_text() == "# card"


def test_a_model_of_an_earlier_version_has_all_features(make_model, folder):
    save(make_model(dimensionality=64), "", folder)
    assert load(folder).about.dimensionality == 64
    about = json.loads((folder / "model.json").read_text())
    del about["dimensionality"]
    (folder / "model.json").write_text(json.dumps(about))
    assert load(folder).about.dimensionality is None


def test_weights_are_found_beside_a_model_that_was_moved_or_copied(make_model, tmp_path):
    out = tmp_path / "out"
    for folder in ("weights", "mlflow/model"):
        (out / folder).mkdir(parents=True)
    file = Path(make_model().about.weights).rename(out / "weights" / "resnet50.weights.h5")
    save(make_model(weights=str(file)), "", out / "mlflow" / "model")
    shutil.copytree(out, tmp_path / "copy")
    assert load(out / "mlflow" / "model").about.weights == str(file)
    own = tmp_path / "copy" / "weights" / file.name
    assert load(tmp_path / "copy" / "mlflow" / "model").about.weights == str(own)
    own.unlink()
    # Without a file of its own, the copy takes the recorded one.
    assert load(tmp_path / "copy" / "mlflow" / "model").about.weights == str(file)


def test_a_model_may_carry_its_weights(make_model, folder, tmp_path):
    model = make_model()
    save(model, "", folder, carry_weights=True)
    Path(model.about.weights).unlink()
    elsewhere = folder.rename(tmp_path / "elsewhere")
    assert load(elsewhere).about.weights == str(elsewhere / "weights" / "resnet50_notop.weights.h5")


def test_a_missing_weights_file_is_an_error_that_names_it(make_model, folder):
    model = make_model()
    save(model, "", folder)
    Path(model.about.weights).unlink()
    with pytest.raises(
        ModelError, match=r"needs the weights file .*resnet50_notop.weights.h5, which does not exist"
    ):
        load(folder)


def test_a_changed_weights_file_is_an_error(make_model, folder):
    model = make_model()
    save(model, "", folder)
    Path(model.about.weights).write_bytes(b"others")
    with pytest.raises(ModelError) as raised:
        load(folder)
    assert "trained with other weights than" in str(raised.value)
    assert hashlib.sha256(b"weights").hexdigest() in str(raised.value) and "\n" not in str(raised.value)


def test_model_files_contain_no_code(make_model, folder):
    save(make_model(), "", folder)
    assert {file.suffix for file in folder.iterdir()} == {".json", ".npz", ".md"}
    np.savez(folder / "arrays.npz", coefficients=np.array([object()], dtype=object))
    with pytest.raises((ValueError, KeyError)):
        load(folder)
