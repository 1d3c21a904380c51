import errno
import os

import pytest
from sparkdl.files import atomic_write


@pytest.fixture
def renaming_ends_with(monkeypatch):
    """Make the file system refuse to rename."""

    def end(code):
        def refuse(source, target):
            raise OSError(code, os.strerror(code))

        monkeypatch.setattr(os, "replace", refuse)

    return end


@pytest.fixture
def page(tmp_path):
    file = tmp_path / "index.html"
    file.write_text("old")
    return file


def test_a_reader_sees_the_old_file_while_the_new_one_is_written(page):
    def write(place):
        place.write_text("new")
        assert page.read_text() == "old"

    atomic_write(page, write)
    assert page.read_text() == "new" and list(page.parent.iterdir()) == [page]


@pytest.mark.parametrize("code", sorted({errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}))
def test_a_file_is_written_in_place_where_files_cannot_be_renamed(renaming_ends_with, page, code):
    renaming_ends_with(code)
    places = []
    atomic_write(page, lambda place: (places.append(place), place.write_text("new")))
    assert page.read_text() == "new" and list(page.parent.iterdir()) == [page]
    assert len(places) == 2 and places[1] == page


def test_a_rename_that_fails_for_another_reason_leaves_the_old_file(renaming_ends_with, page):
    renaming_ends_with(errno.EACCES)
    with pytest.raises(PermissionError):
        atomic_write(page, lambda place: place.write_text("new"))
    assert page.read_text() == "old" and list(page.parent.iterdir()) == [page]


def test_a_failed_write_leaves_no_temporary_file(page):
    def write(place):
        place.write_text("ne")
        # An unsupported operation other than the rename is not tried a second time.
        raise OSError(errno.ENOTSUP, "no")

    with pytest.raises(OSError, match="no"):
        atomic_write(page, write)
    assert page.read_text() == "old" and list(page.parent.iterdir()) == [page]
