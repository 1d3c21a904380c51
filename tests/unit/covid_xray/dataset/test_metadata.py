import pytest
from covid_xray.dataset.metadata import (
    patient_of,
    patients_file,
    read_originals,
    read_patients,
    read_sources,
)
from covid_xray.errors import DataError


@pytest.fixture
def csv(tmp_path):
    def write(text: str, name: str = "patients.csv"):
        file = tmp_path / name
        file.write_text(text)
        return file

    return write


def test_patients_csv_in_the_folder_is_used_unless_another_file_is_given(csv, tmp_path):
    assert patients_file(tmp_path, None) is None
    beside = csv("label,filename,patient_id\n")
    assert patients_file(tmp_path, None) == beside
    assert patients_file(tmp_path, tmp_path / "other.csv") == tmp_path / "other.csv"


def test_a_patient_is_found_by_class_and_file_stem_whatever_the_suffix(csv):
    patients = read_patients(csv("label,original_filename,patient_id\nCovid-19,a b.jpeg,cov4\n"))
    assert patient_of("Covid-19", "Covid-19/a b.jpg", "0" * 64, patients) == "cov4"
    assert patient_of("Pneumonia", "Pneumonia/a b.jpg", "0" * 64, patients) == "image-000000000000"


def test_original_and_resized_names_both_match(csv):
    text = "label,original_filename,resized_filename,patient_id\nC,a.png,b.jpg,p1\n"
    assert read_patients(csv(text)) == {("C", "a"): "p1", ("C", "b"): "p1"}


def test_an_nih_file_name_holds_the_patient():
    assert patient_of("Pneumonia", "Pneumonia/00000583_008.png", "f" * 64, {}) == "00000583"


def test_no_file_means_no_known_patients():
    assert read_patients(None) == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("label,patient_id\nC,p\n", "lacks the column filename or"),
        ("filename,patient_id\na,p\n", "lacks the column label"),
        ("label,filename,patient_id\nC,a.png,p1\nC,a.jpg,p2\n", "two patients, p1 and p2"),
        ("", "is not a CSV"),
    ],
)
def test_a_patients_file_that_does_not_serve_is_refused(csv, text, says):
    with pytest.raises(DataError, match=says):
        read_patients(csv(text))


def test_with_a_key_a_message_names_hashes_in_place_of_patients(csv):
    text = "label,filename,patient_id\nC,roe_1.png,roe\nC,roe_1.png,doe\n"
    with pytest.raises(DataError, match=r"gives an image of C two patients, p[0-9a-f]{16} and p") as refusal:
        read_patients(csv(text), b"key")
    assert "roe" not in str(refusal.value) and "doe" not in str(refusal.value)


def test_an_image_without_a_row_is_a_patient_of_its_own(csv):
    patients = read_patients(csv("label,filename,patient_id\nC,a.png,p1\nC,b.png,\nC,,p2\n"))
    assert patients == {("C", "a"): "p1"}
    assert patient_of("C", "C/b.png", "b" * 64, patients) == "image-bbbbbbbbbbbb"


def test_rows_that_stand_twice_and_rows_of_no_image_do_no_harm(csv):
    text = "label,filename,patient_id\nC,a.png,p1\nC,a.png,p1\nD,elsewhere.png,p9\n"
    patients = read_patients(csv(text))
    assert patient_of("C", "C/a.png", "a" * 64, patients) == "p1"
    assert patient_of("C", "C/elsewhere.png", "e" * 64, patients) == "image-eeeeeeeeeeee"


def test_one_patient_in_two_classes_is_one_patient(csv):
    patients = read_patients(csv("label,filename,patient_id\nC,a.png,p1\nD,a.png,p1\n"))
    assert {patient_of(label, f"{label}/a.png", "0" * 64, patients) for label in "CD"} == {"p1"}


def test_a_missing_patients_file_is_refused(tmp_path):
    with pytest.raises(DataError, match="cannot read the patients file"):
        read_patients(tmp_path / "none.csv")


def test_the_source_of_an_image_is_read_where_the_file_has_the_column(csv):
    text = (
        "label,original_filename,resized_filename,patient_id,source\nC,a.png,b.jpg,p1,Mercy\nC,c.png,,p1,\n"
    )
    assert read_sources(csv(text)) == {("C", "a"): "Mercy", ("C", "b"): "Mercy"}
    assert read_sources(csv("label,filename,patient_id\nC,a.png,p1\n")) == read_sources(None) == {}


def test_an_image_with_two_sources_is_refused_without_its_name(csv):
    text = "label,filename,patient_id,source\nC,roe.png,p1,Mercy\nC,roe.png,p1,County\n"
    with pytest.raises(DataError, match="gives an image of C two sources") as refusal:
        read_sources(csv(text))
    assert "roe" not in str(refusal.value)


def test_the_manifest_gives_facts_of_the_originals_by_path(csv, tmp_path):
    header = "path,original_width,original_height,original_bytes,original_format,original_mode"
    csv(f"{header}\nC/a.jpg,10,20,300,PNG,RGBA\n", "manifest.csv")
    assert read_originals(tmp_path).loc["C/a.jpg"].tolist() == [10, 20, 300, "PNG", "RGBA"]


def test_a_folder_without_manifest_has_no_originals(tmp_path):
    assert read_originals(tmp_path).empty


@pytest.mark.parametrize(
    "text",
    [
        "path\nC/a.jpg\n",
        "path,original_width,original_height,original_bytes,original_format,original_mode\na,wide,2,3,PNG,L\n",
    ],
)
def test_a_manifest_that_does_not_serve_is_refused(csv, tmp_path, text):
    csv(text, "manifest.csv")
    with pytest.raises(DataError, match=r"manifest\.csv"):
        read_originals(tmp_path)
