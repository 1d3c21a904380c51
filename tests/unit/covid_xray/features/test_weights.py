import pytest
import sparkdl.weights
from covid_xray.errors import StageError
from covid_xray.features.weights import weights_of_run
from sparkdl.weights import Weights


@pytest.fixture
def found(tmp_path, monkeypatch):
    """What `featurize` would find, whatever it is asked for."""
    weights = Weights(kind="file", path=tmp_path / "resnet50_notop.weights.h5", sha256="ab" * 32)
    monkeypatch.setattr(sparkdl.weights, "resolve", lambda *_: weights)
    return weights


def test_the_weights_of_the_run_are_found_as_featurize_finds_them(found, tmp_path):
    assert weights_of_run(str(tmp_path), "ResNet50", tmp_path, 0, found.sha256) == found.path


def test_other_weights_than_those_of_the_run_are_refused_in_one_line(found, tmp_path):
    with pytest.raises(StageError, match="made with weights 000000000000: give those") as refused:
        weights_of_run(str(tmp_path), "ResNet50", tmp_path, 0, "0" * 64)
    assert "\n" not in str(refused.value) and str(found.path) in str(refused.value)
