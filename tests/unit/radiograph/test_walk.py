import os
from collections import Counter

import pytest
from radiograph import FolderError, Reason, class_folders, other_folders, walk, walk_all, walk_listed


@pytest.fixture
def root(tmp_path):
    for name in (
        "B/2.png",
        "B/1 one.png",
        "A/deep/er/3.png",
        "A/.hidden.png",
        "A/Thumbs.db",
        "Other/x.png",
        "top.png",
    ):
        file = tmp_path / "root" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    return tmp_path / "root"


def reasons(root, *classes):
    return {found.path: found.refused.reason for found in walk(root, classes) if found.refused}


@pytest.fixture
def system_calls(monkeypatch):
    """Count system calls while a tree of two class folders is walked."""

    def count(root, files):
        for name in range(files):
            place = root / f"{'AB'[name % 2]}" / f"{name}.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(b"x")
        calls = Counter()
        with monkeypatch.context() as patched:
            for name in ("scandir", "listdir", "stat", "lstat", "readlink"):
                patched.setattr(os, name, counting(getattr(os, name), calls))
            assert len(list(walk(root, ["A", "B"]))) == files
        return calls

    return count


def counting(function, calls):
    def counted(*args, **kwargs):
        calls[function.__name__] += 1
        return function(*args, **kwargs)

    return counted


def test_files_come_sorted_with_their_class(root):
    found = [(f.path, f.label, f.refused) for f in walk(root, ["B", "A"])]
    assert found == [("A/deep/er/3.png", "A", None), ("B/1 one.png", "B", None), ("B/2.png", "B", None)]


def test_broken_links_and_links_to_outside_the_folder_are_refused(root, tmp_path):
    (tmp_path / "secret.png").write_bytes(b"x")
    (root / "A" / "out.png").symlink_to(tmp_path / "secret.png")
    (root / "A" / "gone.png").symlink_to(root / "A" / "nothing.png")
    (root / "A" / "loop.png").symlink_to(root / "A" / "loop.png")
    (root / "A" / "again").symlink_to(root / "A")
    assert reasons(root, "A") == {
        "A/out.png": Reason.outside_root,
        "A/gone.png": Reason.unreadable,
        "A/loop.png": Reason.unreadable,
        "A/again": Reason.unreadable,
    }


def test_a_class_folder_that_links_to_outside_the_root_is_refused_whole(root, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.png").write_bytes(b"x")
    (root / "C").symlink_to(tmp_path / "elsewhere")
    assert reasons(root, "C") == {"C": Reason.outside_root}
    assert len(list(walk(root, ["C"]))) == 1


def test_a_class_folder_that_is_another_link_has_no_files_of_its_own(root):
    (root / "C").symlink_to(root / "A")
    assert reasons(root, "C") == {"C": Reason.unreadable}
    (root / "D").symlink_to(root / "nothing")
    with pytest.raises(FolderError, match="no class folder D"):
        list(walk(root, ["D"]))


def test_a_circular_link_next_to_the_classes_is_not_a_folder(root):
    (root / "loop").symlink_to(root / "loop")
    assert class_folders(root) == ["A", "B", "Other"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list every folder")
def test_a_folder_without_permission_is_refused(root):
    (root / "A" / "deep").chmod(0)
    assert reasons(root, "A") == {"A/deep": Reason.unreadable}


def test_each_folder_is_listed_once_without_a_system_call_per_file(system_calls, tmp_path):
    few, many = system_calls(tmp_path / "1", 2), system_calls(tmp_path / "2", 100)
    assert few == many and many["scandir"] == 3 and many["listdir"] == 0


def test_a_link_within_the_folder_is_a_file(root):
    (root / "A" / "same.png").symlink_to(root / "B" / "2.png")
    assert reasons(root, "A") == {}


def test_a_file_that_is_not_regular_is_refused(root):
    os.mkfifo(root / "A" / "pipe.png")
    assert reasons(root, "A") == {"A/pipe.png": Reason.unreadable}


def test_a_missing_folder_is_named_with_the_existing_ones(root, tmp_path):
    with pytest.raises(FolderError, match=r"no class folder C \(it has A, B, Other\)"):
        list(walk(root, ["A", "C"]))
    with pytest.raises(FolderError, match="there is no folder"):
        list(walk(tmp_path / "none", ["A"]))


def test_folders_that_are_not_classes_are_listed(root):
    (root / ".git").mkdir()
    assert class_folders(root) == ["A", "B", "Other"]
    assert other_folders(root, ["A", "B"]) == ["Other"]


@pytest.fixture
def listed(root, tmp_path):
    """What a program lists that follows every link and leaves nothing out."""
    (tmp_path / "secret.png").write_bytes(b"x")
    (root / "out.png").symlink_to(tmp_path / "secret.png")
    (root / "same.png").symlink_to(root / "B" / "2.png")
    (root / "linked").symlink_to(root / "A")
    (root / "A" / "elsewhere").symlink_to(tmp_path)
    os.mkfifo(root / "pipe.png")
    files = [file.relative_to(root).as_posix() for file in root.rglob("*") if not file.is_dir()]
    behind = ("linked/deep/er/3.png", "linked/.hidden.png", "linked/x/y.png", "A/elsewhere/secret.png")
    return [*files, *behind]


def test_what_something_else_has_listed_is_found_as_in_a_walk(root, listed):
    assert list(map(str, walk_listed(root, listed))) == list(map(str, walk_all(root)))
    assert {found.path: found.refused.reason for found in walk_listed(root, listed) if found.refused} == {
        "A/elsewhere": Reason.outside_root,
        "linked": Reason.unreadable,
        "out.png": Reason.outside_root,
        "pipe.png": Reason.unreadable,
    }


def test_a_listed_file_that_is_gone_is_refused(root):
    (found,) = walk_listed(root, ["A/gone.png"])
    assert (found.refused.reason, found.refused.detail) == (Reason.unreadable, "it is no longer there")
