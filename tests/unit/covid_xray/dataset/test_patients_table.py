"""The columns of patients.csv."""

import unicodedata

import pytest
from covid_xray.dataset.attributes import Attributes
from covid_xray.dataset.patients_table import ImageRow, normal_path, read_metadata, read_patients
from covid_xray.errors import DataError


@pytest.fixture
def rows(tmp_path):
    def read(text):
        (tmp_path / "patients.csv").write_text(text, encoding="utf-8")
        return list(read_patients(tmp_path / "patients.csv").rows)

    return read


def test_a_row_holds_names_patient_and_source(rows):
    text = "label,original_filename,resized_filename,path,patient_id,source\nC,a.png,b.jpg,x/a.png,p1,Mercy\n"
    assert rows(text) == [ImageRow(2, "C", "x/a.png", ("a.png", "b.jpg"), "p1", "Mercy")]


def test_a_row_without_patient_and_source_says_nothing(rows):
    assert rows("label,filename,patient_id\nC,a.png,\nC,,p2\n") == [ImageRow(3, "C", None, (), "p2", None)]


@pytest.mark.parametrize(
    "mark", ["NA", "n/a", "NaN", "None", "NULL", "#N/A", "unknown", "?", "-", "Not reported"]
)
def test_a_mark_of_a_missing_value_is_no_patient_whom_all_images_would_share(rows, mark):
    text = f"label,filename,patient_id,source\nC,a.png,{mark},X\nC,b.png,{mark},{mark}\nC,c.png,p,{mark}\n"
    assert [(row.names, row.patient_id, row.source) for row in rows(text)] == [
        (("a.png",), None, "X"),
        (("c.png",), "p", None),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("label,patient_id\nC,p\n", "lacks the column filename or"),
        ("filename,patient_id\na,p\n", "lacks the column label"),
        ("label,path\nC,a\n", "lacks the column patient_id"),
        ("label,filename,patient_id\nC,a.png, \n", "has no patient_id in any row"),
        ("", "is empty"),
    ],
)
def test_a_file_that_does_not_serve_is_refused(rows, text, says):
    with pytest.raises(DataError, match=says):
        rows(text)


def test_a_file_of_patients_may_tell_view_sex_and_age(rows):
    text = "label,filename,patient_id,view,sex,age\nC,a.png,p1,posteroanterior,female,093Y\nC,b.png,,,,412\n"
    assert rows(text) == [
        ImageRow(2, "C", None, ("a.png",), "p1", attributes=Attributes("PA", "F", 90)),
        ImageRow(3, "C", None, ("b.png",), None, unread={"age": "412"}),
    ]


@pytest.fixture
def metadata(tmp_path):
    """The rows of a metadata.csv of these columns: metadata(filename="a.png", sex="F")."""

    def read(**columns):
        file = tmp_path / "metadata.csv"
        file.write_text(f"{','.join(columns)}\n{','.join(columns.values())}\n", encoding="utf-8")
        return list(read_metadata(file).rows)

    return read


@pytest.mark.parametrize("column", ["patient_id", "source", "view", "sex", "age"])
def test_metadata_may_lack_all_but_one_of_the_columns_that_say_something(metadata, column):
    (row,) = metadata(label="C", filename="a.png", **{column: "F"})
    assert row.line == 2 and row.names == ("a.png",)


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        (
            {"label": "C", "filename": "a.png", "finding": "x"},
            "lacks the column patient_id or source or view",
        ),
        ({"filename": "a.png", "sex": "F"}, "lacks the column label"),
        ({"label": "C", "sex": "F"}, "lacks the column filename or"),
        ({"label": "C", "filename": "a.png", "sex": "n/a"}, "says nothing of any image"),
    ],
)
def test_metadata_that_do_not_serve_are_refused(metadata, columns, says):
    with pytest.raises(DataError, match=says):
        metadata(**columns)


def test_paths_with_folders_need_no_label(rows):
    assert rows("path,patient_id\nC/a.png,p1\n") == [ImageRow(2, None, "C/a.png", (), "p1")]


def test_ids_are_equal_whatever_the_form_of_their_accents(rows):
    forms = [unicodedata.normalize(form, "Jos\xe9") for form in ("NFC", "NFD")]
    found = rows("label,filename,patient_id\n" + "".join(f"C,{n}.png,{id_}\n" for n, id_ in enumerate(forms)))
    assert len({row.patient_id for row in found}) == 1


@pytest.mark.parametrize(
    "written",
    ["C/e\u0301.png", "C\\\xe9.png", "./C/\xe9.png", "C//\xe9.png", " C / \xe9.png ", ".\\C\\\xe9.png"],
)
def test_ways_to_write_one_path_have_one_form(written):
    assert normal_path(written) == "C/\xe9.png"
