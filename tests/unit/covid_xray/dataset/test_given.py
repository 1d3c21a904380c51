"""Which image a row of patients.csv is about, and what is refused or counted instead of being guessed."""

import unicodedata

import pytest
from covid_xray.dataset.attributes import Attributes
from covid_xray.dataset.given import Given, match, patients_note
from covid_xray.dataset.metadata import patient_of
from covid_xray.dataset.patients_table import read_metadata, read_patients
from covid_xray.errors import DataError

CSV = "label,filename,patient_id\n"
NFC, NFD = (unicodedata.normalize(form, "C/\xe9t\xe9.png") for form in ("NFC", "NFD"))


@pytest.fixture
def given(tmp_path):
    """What a file says of the images at these paths."""

    def read(text, *paths, others=(), key=None):
        (tmp_path / "people.csv").write_text(text, encoding="utf-8")
        table = read_patients(tmp_path / "people.csv")
        return match([table], [(path.split("/")[0], path) for path in paths], others, key)

    return read


@pytest.mark.parametrize(
    ("row", "path"),
    [
        ("C,a.png", "C/a.png"),
        ("c,a.png", "C/a.png"),
        ("C ,a.png  ", "C/a.png"),
        ("C,C\\a.png", "C/a.png"),
        ("C,./a.png", "C/a.png"),
        ("C,A.PNG", "C/a.png"),
        ("C,a.png", "C/A.PNG"),
        ("C,a.jpeg", "C/a.png"),
        ("C,a", "C/a.png"),
        ("C,a.png", "C/a.png.jpg"),
        (f"C,{NFC[2:]}", NFD),
        (f"C,{NFD[2:]}", NFC),
        ("C,a.png", "C/patient1/a.png"),
        ("C,/data/C/patient1/a.png", "C/patient1/a.png"),
        ("C,D:\\data\\C\\a.png", "C/a.png"),
        ("C,1.2.840.113.1.7.dcm", "C/1.2.840.113.1.7"),
        ("C,1.2.840.113.1.7", "C/1.2.840.113.1.7.DCM"),
        (",C/patient1/a.png", "C/patient1/a.png"),
        ("c-19,C/patient1/a.png", "C/patient1/a.png"),
    ],
)
def test_a_row_is_matched_however_its_names_are_written(given, row, path):
    found = given(f"{CSV}{row},p1\n", path)
    assert found == Given({path: "p1"}, {}, rows=1, unmatched=0)


def test_views_of_one_name_in_folders_of_patients_keep_their_patients(given):
    paths = [f"C/patient{n}/study1/view1_frontal.jpg" for n in (1, 2)]
    text = "label,path,patient_id\n" + "".join(f"C,{path},p{path[9]}\n" for path in paths)
    assert given(text, *paths).patients == {paths[0]: "p1", paths[1]: "p2"}
    assert (
        given(text.replace("label,", "").replace("C,C", "C"), *paths).patients == given(text, *paths).patients
    )
    below = text.replace("C,C/", "C,").replace("path", "filename")
    assert given(below, *paths).patients == given(text, *paths).patients


def test_names_with_dots_are_not_cut_at_the_last_one(given):
    text = f"{CSV}C,1.2.840.113.1.7,p7\nC,1.2.840.113.1.8,p8\n"
    assert given(text, "C/1.2.840.113.1.7", "C/1.2.840.113.1.8.dcm").patients == {
        "C/1.2.840.113.1.7": "p7",
        "C/1.2.840.113.1.8.dcm": "p8",
    }
    assert given(text, "C/1.2.840.113.1.9", "C/1.2.840.113.1.7").patients == {"C/1.2.840.113.1.7": "p7"}


def test_a_name_for_files_in_two_folders_is_refused_unless_each_has_a_row_that_says_the_same(given):
    paths = ["C/patient1/view1.jpg", "C/patient2/view1.jpg"]
    for row in ("C,view1.jpg", "C,view1", "C,VIEW1.png"):
        with pytest.raises(DataError, match=r"people.csv, line 2 could name 2 images, .*: write the path"):
            given(f"{CSV}{row},p1\n", *paths)
    assert given(f"{CSV}C,view1.jpg,p1\nC,view1.jpg,p1\n", *paths).patients == dict.fromkeys(paths, "p1")
    with pytest.raises(DataError, match="could name 2 images"):
        given(f"{CSV}C,view1.jpg,p1\nC,view1.jpg,p2\n", *paths)


def test_images_that_differ_in_case_only_are_not_mixed_up(given):
    both = ["C/A.png", "C/a.png"]
    assert given(f"{CSV}C,a.png,p1\nC,A.png,p2\n", *both).patients == {"C/a.png": "p1", "C/A.png": "p2"}
    assert given(f"{CSV}C,a.png,p1\n", *both).patients == {"C/a.png": "p1"}
    with pytest.raises(DataError, match="could name 2 images"):
        given(f"{CSV}C,a.PNG,p1\n", *both)


def test_what_agrees_in_more_of_the_name_comes_first(given):
    found = given(f"{CSV}C,a.png,p1\nC,sub/a.png,p2\n", "C/a.png", "C/sub/a.png", "C/a.jpg")
    assert found.patients == {"C/a.png": "p1", "C/sub/a.png": "p2"}
    text = "label,path,filename,patient_id\nC,sub/a.png,a.png,p1\n"
    assert given(text, "C/a.png", "C/sub/a.png").patients == {"C/sub/a.png": "p1"}


def test_the_original_and_the_resized_name_both_match(given):
    text = "label,original_filename,resized_filename,patient_id\nC,a.png,b.jpg,p1\n"
    assert given(text, "C/a.png", "C/b.jpg").patients == {"C/a.png": "p1", "C/b.jpg": "p1"}


def test_a_path_in_another_class_is_not_the_file_of_that_name_in_this_one(given):
    found = given(f"{CSV}C,D/a.png,p1\nC,b.png,p2\n", "C/a.png", "C/b.png", "D/a.png")
    assert (found.patients, found.unmatched) == ({"C/b.png": "p2"}, 1)


def test_rows_without_an_image_are_counted_and_rows_of_other_folders_are_not(given):
    text = f"{CSV}C,a.png,p1\nC,gone.png,p2\nTypo,b.png,p3\nother,c.png,p4\nC,,p5\n"
    found = given(text, "C/a.png", "C/b.png", others=("Other", "C"))
    assert (found.patients, found.rows, found.unmatched) == ({"C/a.png": "p1"}, 4, 3)
    about = patients_note(found, ["p1", "image-0123456789ab"])
    assert about == (
        "1 whose patient is unknown, each counted as a separate patient; 3 of 4 rows of the patients and "
        "metadata files name no image"
    )
    assert patients_note(Given({"C/a.png": "p1"}, rows=1), ["p1"]) == ""


def test_a_label_is_that_of_the_same_case_where_two_folders_differ_in_case_only(given):
    found = given(f"{CSV}c,a.png,p1\nC,a.png,p2\n", "C/a.png", others=("c",))
    assert (found.patients, found.rows) == ({"C/a.png": "p2"}, 1)
    found = given(f"{CSV}ab,a.png,p1\nAb,a.png,p2\n", "Ab/a.png", others=("AB",))
    assert (found.patients, found.unmatched) == ({"Ab/a.png": "p2"}, 1)


def test_a_file_of_which_no_row_matches_is_refused_with_an_example_of_both_sides(given):
    with pytest.raises(
        DataError, match=r"no row of .*people.csv names .*line 2 names roe.png as C; an image is"
    ) as e:
        given(f"{CSV}C,roe.png,p1\n", "C/doe.png")
    assert "C/doe.png" in str(e.value) and "\n" not in str(e.value)
    with pytest.raises(DataError, match=r"no row of .* names an image of the folder: correct") as e:
        given(f"{CSV}C,roe.png,p1\n", "C/doe.png", key=b"key")
    assert "roe" not in str(e.value) and "doe" not in str(e.value)


def test_a_file_about_other_folders_alone_is_no_error_and_neither_is_a_folder_without_files(given):
    assert given(f"{CSV}D,a.png,p1\n", "C/a.png", others=("D",)) == Given()
    assert given(f"{CSV}C,a.png,p1\n") == Given()
    assert match([], [("C", "C/a.png")]) == Given()


def test_an_image_with_two_patients_is_refused(given):
    with pytest.raises(DataError, match=r"gives C/a.png two patients, p1 and p2"):
        given(f"{CSV}C,a.png,p1\nC,a.png,p2\n", "C/a.png")
    with pytest.raises(DataError, match=r"gives an image of C two patients, p[0-9a-f]{16} and p") as refusal:
        given(f"{CSV}C,roe.png,roe\nc,roe.png,doe\n", "C/roe.png", key=b"key")
    assert "roe" not in str(refusal.value) and "doe" not in str(refusal.value)


def test_an_ambiguous_row_is_refused_without_names_where_there_is_a_key(given):
    with pytest.raises(DataError, match=r"line 2 could name 2 images: write") as refusal:
        given(f"{CSV}C,roe.png,p1\n", "C/x/roe.png", "C/y/roe.png", key=b"key")
    assert "roe" not in str(refusal.value)


def test_sources_go_the_way_of_patients(given):
    text = "label,path,patient_id,source\nc,X/A.png,p1,Mercy\nC,x/b.png,,County\n"
    found = given(text, "C/x/a.png", "C/x/b.png")
    assert found.sources == {"C/x/a.png": "Mercy", "C/x/b.png": "County"}
    assert (found.patients, found.unmatched) == ({"C/x/a.png": "p1"}, 0)


def test_an_image_with_two_sources_is_refused_without_its_name_where_there_is_a_key(given):
    text = "label,filename,patient_id,source\nC,roe.png,p1,Mercy\nC,roe.png,p1,County\n"
    with pytest.raises(DataError, match=r"gives C/roe.png two sources: leave one of the rows"):
        given(text, "C/roe.png")
    with pytest.raises(DataError, match="gives an image of C two sources") as refusal:
        given(text, "C/roe.png", key=b"key")
    assert "roe" not in str(refusal.value)


def test_one_patient_in_two_classes_is_one_patient(given):
    found = given(f"{CSV}C,a.png,p1\nD,a.png,p1\n", "C/a.png", "D/a.png")
    assert set(found.patients.values()) == {"p1"}


def test_the_patient_is_that_of_the_file_then_that_of_the_name_then_the_image_itself():
    name, known = "Pneumonia/00000583_008.png", Given({"Pneumonia/00000583_008.png": "p1"})
    assert patient_of(name, "f" * 64, known) == "p1"
    assert patient_of(name, "f" * 64, Given()) == "00000583"
    assert patient_of("Pneumonia/a.png", "f" * 64, Given()) == "image-ffffffffffff"


@pytest.fixture
def both(tmp_path):
    """What a patients.csv and a metadata.csv say together of C/a.png and C/b.png."""

    def read(patients, metadata, key=None):
        (tmp_path / "patients.csv").write_text(patients, encoding="utf-8")
        (tmp_path / "metadata.csv").write_text(metadata, encoding="utf-8")
        tables = [read_patients(tmp_path / "patients.csv"), read_metadata(tmp_path / "metadata.csv")]
        return match(tables, [("C", "C/a.png"), ("C", "C/b.png")], (), key)

    return read


def test_two_files_add_to_each_other(both):
    found = both(
        f"{CSV}C,a.png,p1\nC,gone.png,p9\n",
        "label,filename,patient_id,source,view,sex,age\n"
        "C,a.png,p1,,AP Supine,,412\nC,b.png,p2,Mercy,,M,62.0\n",
    )
    assert found.patients == {"C/a.png": "p1", "C/b.png": "p2"} and found.sources == {"C/b.png": "Mercy"}
    assert found.attributes == {
        "C/a.png": Attributes("AP supine"),
        "C/b.png": Attributes(sex="M", age=62),
    }
    assert (found.rows, found.unmatched, found.unread) == (4, 1, {"age": {"412": 1}})
    assert patients_note(found, ["p1"]).endswith(
        "1 with an age that is not understood ('412'), counted as not known"
    )


@pytest.fixture
def metadata_of(tmp_path):
    """What a metadata.csv with these columns says of C/0.png, C/1.png and so on, a row each."""

    def read(columns, *rows, key=None):
        lines = [f"path,{columns}", *(f"C/{number}.png,{row}" for number, row in enumerate(rows))]
        (tmp_path / "metadata.csv").write_text("\n".join(lines), encoding="utf-8")
        images = [("C", f"C/{number}.png") for number in range(len(rows))]
        return match([read_metadata(tmp_path / "metadata.csv")], images, (), key)

    return read


def test_what_is_not_understood_is_counted_and_shown(metadata_of):
    rows = ["AP,F,4", "Foo,X,abc", "Foo,n/a,", "Bar,unknown,", "Baz,male,old", "Qux,M,-", "Oblique,F,"]
    found = metadata_of("view,sex,age", *rows)
    assert found.unread == {
        "view": {"Foo": 2, "Bar": 1, "Baz": 1, "Qux": 1},
        "sex": {"X": 1},
        "age": {"abc": 1, "old": 1},
    }
    assert patients_note(found, []) == (
        "5 with a view that is not understood ('Foo', 'Bar', 'Baz', ...), counted as not known; "
        "1 with a sex that is not understood ('X'), counted as not known; "
        "2 with an age that is not understood ('abc', 'old'), counted as not known"
    )


def test_with_a_key_nothing_that_is_not_understood_is_shown(metadata_of):
    found = metadata_of("view", "Jane Roe", "Jane Roe", key=b"key")
    assert patients_note(found, []) == "2 with a view that is not understood, counted as not known"


def test_what_another_row_tells_in_other_words_is_understood(both):
    found = both(f"{CSV}C,a.png,p1\n", "label,filename,view\nC,a.png,Foo\nC,a.png,PA\n")
    assert found.attributes["C/a.png"].view == "PA" and found.unread == {}


def test_long_texts_that_are_not_understood_are_cut(metadata_of):
    note = patients_note(metadata_of("view", "z" * 99), [])
    assert note == f"1 with a view that is not understood ('{'z' * 30}...'), counted as not known"


@pytest.mark.parametrize("other", ["hosp a", "Hosp  A", "HOSP A"])
def test_spellings_of_one_source_are_refused_with_the_lines_of_both(metadata_of, other):
    says = rf"metadata.csv, line 2, and .*line 4: the sources, 'Hosp A' and '{other}', differ only by case"
    with pytest.raises(DataError, match=says):
        metadata_of("source", "Hosp A", "Mercy", other)
    with pytest.raises(
        DataError, match=r"line 2, and .*line 4: the sources differ only by case or"
    ) as refusal:
        metadata_of("source", "Hosp A", "Mercy", other, key=b"key")
    assert other not in str(refusal.value)
    assert metadata_of("source", "Hosp A", " Hosp A ").sources == {"C/0.png": "Hosp A", "C/1.png": "Hosp A"}


@pytest.mark.parametrize(("column", "called"), [("patient_id", "patients"), ("source", "sources")])
def test_files_that_contradict_each_other_are_refused_in_one_line(both, column, called):
    patients = "label,filename,patient_id,source\nC,a.png,roe,doe\n"
    metadata = f"label,filename,{column}\nC,a.png,poe\n"
    says = rf"patients.csv and .*metadata.csv give C/a.png two {called}.*: correct one of them"
    with pytest.raises(DataError, match=says) as refusal:
        both(patients, metadata)
    assert "\n" not in str(refusal.value)
    with pytest.raises(DataError, match=rf"metadata.csv give an image of C two {called}") as refusal:
        both(patients, metadata, b"key")
    assert not any(name in str(refusal.value) for name in ("a.png", "roe", "doe", "poe"))


@pytest.mark.parametrize(
    ("column", "values", "says"),
    [
        ("view", ("PA", "AP"), "two views, PA and AP"),
        ("sex", ("F", "M"), "two sexes, F and M"),
        ("age", ("61", "62"), "two ages, 61 and 62"),
    ],
)
def test_an_image_with_two_values_of_an_attribute_is_refused(given, column, values, says):
    one, other = (f"C,a.png,p1,{value}\n" for value in values)
    with pytest.raises(DataError, match=f"gives C/a.png {says}"):
        given(f"label,filename,patient_id,{column}\n{one}{other}", "C/a.png")
    assert given(f"label,filename,patient_id,{column}\n{one}{one}", "C/a.png").attributes


def test_one_row_without_an_image_names_none():
    assert patients_note(Given(rows=1, unmatched=1), []).startswith("1 of 1 row of the patients and")
    assert patients_note(Given(rows=4, unmatched=1), []).endswith("metadata files names no image")
