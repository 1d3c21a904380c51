"""The weights file of a run, for stages that apply the network again."""

import hashlib

import pytest
from covid_xray.errors import StageError
from covid_xray.features.compute import chunked, weights_file


@pytest.fixture
def row(tmp_path):
    file = tmp_path / "vgg16_notop.weights.h5"
    file.write_bytes(b"weights")
    sha256 = hashlib.sha256(b"weights").hexdigest()
    return {"run_id": "r1", "backbone": "VGG16", "weights_file": str(file), "weights_id": sha256}


def test_the_weights_file_is_the_one_that_featurize_recorded(row, tmp_path):
    assert weights_file(row) == tmp_path / "vgg16_notop.weights.h5"


def test_a_changed_file_is_an_error(row, tmp_path):
    (tmp_path / "vgg16_notop.weights.h5").write_bytes(b"others")
    with pytest.raises(StageError, match="but the run used weights with sha256"):
        weights_file(row)


def test_a_missing_file_is_an_error_that_names_it(row, tmp_path):
    (tmp_path / "vgg16_notop.weights.h5").unlink()
    with pytest.raises(StageError, match=r"VGG16: .*vgg16_notop\.weights\.h5 is missing"):
        weights_file(row)


def test_a_run_without_a_recorded_weights_file_is_an_error(row):
    with pytest.raises(StageError, match="run r1 was featurized by a version that did not record"):
        weights_file(row | {"weights_file": None})


@pytest.mark.parametrize(
    ("count", "size", "lengths"),
    [
        (3, 4, [3]),
        (4, 4, [4]),
        # Not 4 and 1, which would leave cores idle.
        (5, 4, [2, 3]),
        (1124, 256, [224, 225, 225, 225, 225]),
    ],
)
def test_chunks_are_as_few_as_possible_and_of_equal_length(count, size, lengths):
    ids = [str(number) for number in range(count)]
    chunks = chunked(ids, size)
    assert [len(chunk) for chunk in chunks] == lengths
    assert [image_id for chunk in chunks for image_id in chunk] == ids
