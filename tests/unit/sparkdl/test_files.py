import errno
import os

import pytest
from sparkdl.files import write_whole


@pytest.fixture
def renaming_ends_with(monkeypatch):
    """Have the file system refuse to rename."""

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


def test_whoever_looks_while_a_file_is_written_sees_the_old_one(page):
    def write(place):
        place.write_text("new")
        assert page.read_text() == "old"

    write_whole(page, write)
    assert page.read_text() == "new" and list(page.parent.iterdir()) == [page]


@pytest.mark.parametrize("code", sorted({errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}))
def test_where_files_cannot_be_renamed_they_are_written_in_place(renaming_ends_with, page, code):
    renaming_ends_with(code)
    places = []
    write_whole(page, lambda place: (places.append(place), place.write_text("new")))
    assert page.read_text() == "new" and list(page.parent.iterdir()) == [page]
    assert len(places) == 2 and places[1] == page


def test_a_rename_that_fails_otherwise_leaves_the_old_file_alone(renaming_ends_with, page):
    renaming_ends_with(errno.EACCES)
    with pytest.raises(PermissionError):
        write_whole(page, lambda place: place.write_text("new"))
    assert page.read_text() == "old" and list(page.parent.iterdir()) == [page]


def test_a_file_that_cannot_be_written_leaves_no_part_behind(page):
    def write(place):
        place.write_text("ne")
        # A file system that cannot do something else than rename gets no second try.
        raise OSError(errno.ENOTSUP, "no")

    with pytest.raises(OSError, match="no"):
        write_whole(page, write)
    assert page.read_text() == "old" and list(page.parent.iterdir()) == [page]
