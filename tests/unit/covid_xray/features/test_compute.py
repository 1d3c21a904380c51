"""The weights of a run, for who shows images to its network once more."""

import hashlib

import pytest
from covid_xray.errors import StageError
from covid_xray.features.compute import weights_file


@pytest.fixture
def row(tmp_path):
    file = tmp_path / "vgg16_notop.weights.h5"
    file.write_bytes(b"weights")
    sha256 = hashlib.sha256(b"weights").hexdigest()
    return {"run_id": "r1", "backbone": "VGG16", "weights_file": str(file), "weights_id": sha256}


def test_they_are_the_file_that_featurize_found(row, tmp_path):
    assert weights_file(row) == tmp_path / "vgg16_notop.weights.h5"


def test_another_file_in_its_place_is_refused(row, tmp_path):
    (tmp_path / "vgg16_notop.weights.h5").write_bytes(b"others")
    with pytest.raises(StageError, match="but the run was made with weights"):
        weights_file(row)


def test_a_file_that_is_gone_is_named(row, tmp_path):
    (tmp_path / "vgg16_notop.weights.h5").unlink()
    with pytest.raises(StageError, match=r"VGG16: .*vgg16_notop\.weights\.h5 is gone"):
        weights_file(row)


def test_a_run_of_a_version_that_did_not_write_where_they_are_says_so(row):
    with pytest.raises(StageError, match="run r1 was featurized by a version that did not write where"):
        weights_file(row | {"weights_file": None})
