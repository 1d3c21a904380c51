"""What arrives in a folder is found until somebody is done with it, and then never again."""

import os

import pytest
from covid_xray.dataset.arrivals import arrivals
from covid_xray.errors import DataError
from radiograph import FolderError, walk_all

# Characters that Spark takes for wildcards or escapes, in paths or in URLs.
ODD = "my [x-rays] {50%20} *? \\ ä #1"


@pytest.fixture
def root(tmp_path):
    (tmp_path / ODD / "deep" / ODD).mkdir(parents=True)
    for name in ("a.png", f"deep/{ODD}/10:15 {ODD}.png"):
        (tmp_path / ODD / name).write_bytes(b"x")
    return tmp_path / ODD


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "state of [1]"


@pytest.fixture
def take(spark, root, folder):
    return lambda: arrivals(spark, root, folder)


def paths(arrived):
    return [found.path for found in arrived.found]


@pytest.fixture
def forget_commit(folder):
    """Leave a checkpoint as a kill does that comes when a batch was written and has not been committed."""

    def forget(batch):
        for name in (f"{batch}", f".{batch}.crc"):
            (folder / "checkpoint" / "commits" / name).unlink()

    return forget


def test_a_file_is_found_once_whatever_its_name_and_however_old_it_is(take, root):
    first = take()
    assert first.found == list(walk_all(root)) and len(first.found) == 2
    first.done([])
    (root / "old.png").write_bytes(b"x")
    os.utime(root / "old.png", (1, 1))
    second = take()
    assert paths(second) == ["old.png"]
    second.done([])
    assert paths(take()) == []


def test_what_nobody_was_done_with_is_found_again_and_once(take, root, forget_commit):
    take()
    forget_commit(0)
    (root / "b.png").write_bytes(b"x")
    again = take()
    assert again.found == list(walk_all(root)) and len(again.found) == 3
    again.done([root / "a.png", root / "b.png"])
    (root / "b.png").unlink()
    assert paths(take()) == ["a.png"]


def test_a_file_that_is_gone_before_it_is_read_stops_nothing_and_is_told(take, root, forget_commit):
    take()
    forget_commit(0)
    (root / "c.png").write_bytes(b"x")
    (root / "a.png").unlink()
    # The batch is repeated, and lists it no longer.
    assert "a.png" not in paths(take())
    (root / "c.png").unlink()
    told = {found.path: found.refused for found in take().found}
    assert told.pop("c.png").detail == "it is no longer there" and set(told.values()) == {None}


def test_a_damaged_checkpoint_is_told_in_one_line(take, folder):
    take()
    (folder / "checkpoint" / "metadata").write_text("{}")
    (folder / "checkpoint" / ".metadata.crc").unlink()
    with pytest.raises(
        DataError, match=r"cannot be listed \(.+\); if the checkpoint is damaged, delete "
    ) as told:
        take()
    assert "\n" not in str(told.value)


def test_a_folder_that_does_not_exist_is_told_and_leaves_nothing(spark, tmp_path, folder):
    with pytest.raises(FolderError, match="there is no folder"):
        arrivals(spark, tmp_path / "nowhere", folder)
    assert not folder.exists()
