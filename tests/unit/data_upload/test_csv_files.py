"""The tables that an upload sends beside the class folders."""

import csv

import pytest
from covid_xray.dataset.attributes import Attributes
from covid_xray.errors import DataError

from data_upload.csv_files import patients_csv, renamed_manifest


def test_patients_have_a_row_for_each_image_sorted_by_path():
    content = patients_csv({"Covid-19/b.png": "p2", "Covid-19/a, left.png": "p1"}, {}, {})
    assert content == b'label,filename,patient_id\nCovid-19,"a, left.png",p1\nCovid-19,b.png,p2\n'


def test_what_is_known_of_an_image_has_columns_and_what_nobody_knows_has_none():
    patients = {"Covid-19/a.png": "p1", "Covid-19/b.png": "p2"}
    content = patients_csv(patients, {}, {"Covid-19/b.png": Attributes("AP supine", None, 0)})
    assert content == (
        b"label,filename,patient_id,view,age\nCovid-19,a.png,p1,,\nCovid-19,b.png,p2,AP supine,0\n"
    )


@pytest.fixture
def renamed(tmp_path):
    """Write a manifest of one row; the rows to upload come back."""

    def rows(encoding="utf-8", **columns):
        file = tmp_path / "manifest.csv"
        file.write_text(f"{','.join(columns)}\n{','.join(columns.values())}\n", encoding=encoding)
        content = renamed_manifest(file, {"Covid-19/x.png": "Covid-19/0af3.png"})
        return list(csv.DictReader(content.decode().splitlines()))

    return rows


def test_columns_that_resize_does_not_write_are_dropped_from_the_manifest(renamed):
    rows = renamed(path="Covid-19/x.png", patient_name="John Smith", original_width="7")
    assert rows == [{"path": "Covid-19/0af3.png", "original_width": "7"}]


def test_a_manifest_that_a_spreadsheet_saved_keeps_its_rows(renamed):
    assert len(renamed(encoding="utf-8-sig", path="Covid-19/x.png")) == 1


def test_a_manifest_in_another_encoding_is_refused_in_one_line(renamed):
    with pytest.raises(DataError, match=r"manifest.csv is not a CSV file in UTF-8 .*: save") as refused:
        renamed(encoding="latin-1", path="Covid-19/é.png")
    assert "\n" not in str(refused.value)
