"""The weights file of a run, for stages that apply the network again."""

import hashlib

import pytest
from covid_xray.errors import StageError
from covid_xray.features.compute import MOST_CHUNKS, chunk_size, chunked, weights_file


@pytest.fixture
def row(tmp_path):
    file = tmp_path / "vgg16_notop.weights.h5"
    file.write_bytes(b"weights")
    sha256 = hashlib.sha256(b"weights").hexdigest()
    about = {"run_id": "r1", "backbone": "VGG16", "weights_store": None}
    return about | {"weights_file": str(file), "weights_id": sha256}


def test_the_weights_file_is_the_one_that_featurize_recorded(row, tmp_path):
    assert weights_file(row) == tmp_path / "vgg16_notop.weights.h5"


@pytest.mark.parametrize("content", [b"weights", b"others"])
def test_the_file_that_is_kept_with_the_run_now_comes_first_if_it_is_the_same(row, tmp_path, content):
    kept = tmp_path / "moved" / "vgg16_notop.weights.h5"
    kept.parent.mkdir()
    kept.write_bytes(content)
    found = weights_file(row | {"weights_store": str(kept.parent)})
    assert (found == kept) == (content == b"weights")
    (tmp_path / "vgg16_notop.weights.h5").unlink()
    if content == b"weights":
        assert weights_file(row | {"weights_store": str(kept.parent)}) == kept


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


@pytest.mark.parametrize(
    ("images", "size", "chunks"),
    [
        (1123, 384, 3),
        (19_200, 384, 50),
        # From there on chunks grow, and stay fifty.
        (19_201, 385, 50),
        (112_120, 2_243, 50),
        (1_000_000, 20_000, 50),
    ],
)
def test_chunks_grow_with_the_images_so_that_fifty_commits_hold_them(images, size, chunks):
    assert chunk_size(images, 384) == size
    assert len(chunked(range(images), 384)) == chunks <= MOST_CHUNKS


def test_the_setting_is_the_smallest_chunk():
    assert chunk_size(112_120, 5_000) == 5_000
    assert len(chunked(range(112_120), 5_000)) == 23
