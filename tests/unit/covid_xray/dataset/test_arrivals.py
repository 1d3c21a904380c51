"""Folders that no checkpoint can be in."""

import pytest
from covid_xray.dataset.arrivals import check_checkpoint
from covid_xray.errors import DataError


def test_one_beside_the_images_may_be_missing_yet(tmp_path):
    check_checkpoint(tmp_path / "deep" / "er", tmp_path / "images")
    assert list(tmp_path.iterdir()) == []


def test_one_among_the_images_is_refused_however_it_is_written(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "images")
    for name in ("images", "images/state", "images/../images/state", "link/state"):
        with pytest.raises(DataError, match=r"is in the folder of images .*: choose a folder elsewhere"):
            check_checkpoint(tmp_path / name, tmp_path / "images")
    assert list((tmp_path / "images").iterdir()) == []


def test_one_where_a_file_is_is_refused(tmp_path):
    (tmp_path / "file").touch()
    for name in ("file", "file/state"):
        with pytest.raises(DataError, match=r"the checkpoint .* cannot be made, since .*/file is a file"):
            check_checkpoint(tmp_path / name, tmp_path / "images")
