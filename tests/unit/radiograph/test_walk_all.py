import pytest
from radiograph import FolderError, Reason, walk_all


@pytest.fixture
def root(tmp_path):
    for name in ("root/b.png", "root/deep/er/a.png", "root/.hidden.png", "secret.png"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    return tmp_path / "root"


def test_files_of_any_folder_come_sorted_and_without_a_class(root):
    assert [(f.path, f.label, f.refused) for f in walk_all(root)] == [
        ("b.png", "", None),
        ("deep/er/a.png", "", None),
    ]


def test_a_link_to_outside_the_folder_is_refused_but_the_folder_itself_may_be_a_link(root, tmp_path):
    (root / "out.png").symlink_to(tmp_path / "secret.png")
    (tmp_path / "link").symlink_to(root)
    found = {f.path: f.refused and f.refused.reason for f in walk_all(tmp_path / "link")}
    assert found == {"b.png": None, "deep/er/a.png": None, "out.png": Reason.outside_root}


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FolderError, match=r"there is no folder .*nowhere"):
        list(walk_all(tmp_path / "nowhere"))
