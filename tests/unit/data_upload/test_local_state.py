"""What an upload remembers in the data folder."""

import pytest

from data_upload.errors import DataUploadError
from data_upload.items import UploadItem
from data_upload.local_state import Journal, local_key

TARGET = "/Volumes/main/xray/images"


def test_a_key_is_made_once_and_only_its_owner_can_read_it(tmp_path):
    file = tmp_path / ".upload" / "key"
    key = local_key(file)
    assert len(key) == 32 and local_key(file) == key
    assert file.stat().st_mode & 0o777 == 0o600
    assert {one.name for one in file.parent.iterdir()} == {"key", ".gitignore"}


@pytest.mark.parametrize("content", ["", "00ff", "no digits"])
def test_a_file_without_a_key_is_refused_and_left_alone(tmp_path, content):
    (tmp_path / "key").write_text(content)
    with pytest.raises(DataUploadError, match="key does not hold a key of 32 bytes"):
        local_key(tmp_path / "key")
    assert (tmp_path / "key").read_text() == content


def test_a_journal_knows_what_was_sent_to_its_target_and_the_last_line_counts(tmp_path):
    for sha256 in ("aa", "bb"):
        Journal(tmp_path, TARGET).write(UploadItem("a.png", b"a", 1, sha256))
    assert Journal(tmp_path, TARGET).sent() == {"a.png": "bb"}
    assert Journal(tmp_path, "/Volumes/other/x/y").sent() == {}


def test_a_line_that_a_kill_cut_short_does_not_spoil_the_next(tmp_path):
    journal = Journal(tmp_path, TARGET)
    journal.write(UploadItem("a.png", b"a", 1, "aa"))
    with (tmp_path / ".upload" / "sent.csv").open("a") as file:
        file.write(f"{TARGET},b.p")
    journal.write(UploadItem("c.png", b"c", 1, "cc"))
    assert journal.sent() == {"a.png": "aa", "c.png": "cc"}
