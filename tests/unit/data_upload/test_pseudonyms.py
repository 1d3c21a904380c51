"""What names files and patients in a volume."""

import csv
from pathlib import Path

import pytest

from data_upload.errors import DataUploadError
from data_upload.pseudonyms import local_key, remote_name, renamed_manifest


@pytest.mark.parametrize(
    ("name", "suffix"), [("a.PNG", ".png"), ("a.jpeg", ".jpeg"), ("scan.Smith_John 1950", ""), ("a", "")]
)
def test_a_suffix_that_could_be_a_name_stays_here(name, suffix):
    assert remote_name("Covid-19", Path(name), "0af3") == f"Covid-19/0af3{suffix}"


@pytest.fixture
def manifest(tmp_path):
    """Write a manifest of one row; what would be sent of it comes back as rows."""

    def sent(encoding="utf-8", **columns):
        file = tmp_path / "manifest.csv"
        file.write_text(f"{','.join(columns)}\n{','.join(columns.values())}\n", encoding=encoding)
        content = renamed_manifest(file, {"Covid-19/x.png": "Covid-19/0af3.png"})
        return list(csv.DictReader(content.decode().splitlines()))

    return sent


def test_columns_that_resize_does_not_write_stay_here(manifest):
    rows = manifest(path="Covid-19/x.png", patient_name="John Smith", original_width="7")
    assert rows == [{"path": "Covid-19/0af3.png", "original_width": "7"}]


def test_a_manifest_that_a_spreadsheet_saved_keeps_its_rows(manifest):
    assert len(manifest(encoding="utf-8-sig", path="Covid-19/x.png")) == 1


def test_a_manifest_in_another_encoding_is_refused_in_one_line(manifest):
    with pytest.raises(
        DataUploadError, match=r"manifest.csv is no CSV in UTF-8 .*: save it as one"
    ) as refused:
        manifest(encoding="latin-1", path="Covid-19/é.png")
    assert "\n" not in str(refused.value)


def test_a_key_is_made_once(tmp_path):
    key = local_key(tmp_path / ".upload" / "key")
    assert len(key) == 32 and local_key(tmp_path / ".upload" / "key") == key


@pytest.mark.parametrize("content", ["", "00ff", "no digits"])
def test_a_key_that_is_none_is_refused(tmp_path, content):
    (tmp_path / "key").write_text(content)
    with pytest.raises(DataUploadError, match="key holds no key of 32 bytes"):
        local_key(tmp_path / "key")
