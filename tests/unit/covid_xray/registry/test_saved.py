import hashlib
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
