import pytest
from covid_xray.dataset.metadata import patients_file, read_originals, read_tables, stored_patient
from covid_xray.errors import DataError
from covid_xray.privacy.pseudonyms import pseudonym


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


def test_both_files_beside_the_folders_are_read_and_one_that_is_given_twice_once(csv, tmp_path):
    assert read_tables(tmp_path, None) == []
    metadata = csv("label,filename,sex\nC,a.png,F\n", "metadata.csv")
    assert [table.file for table in read_tables(tmp_path, None)] == [metadata]
    patients = csv("label,filename,patient_id\nC,a.png,p1\n")
    assert [table.file for table in read_tables(tmp_path, None)] == [patients, metadata]
    csv("label,filename,patient_id,sex\nC,a.png,p1,F\n", "metadata.csv")
    assert [table.file for table in read_tables(tmp_path, tmp_path / "." / "metadata.csv")] == [metadata]


def test_with_a_key_a_pseudonym_stands_for_a_patient_but_not_for_an_image_of_an_unknown_one():
    assert [stored_patient("roe", key) for key in (None, b"key")] == ["roe", pseudonym("roe", b"key")]
    assert stored_patient("image-0123456789ab", b"key") == "image-0123456789ab"
    assert stored_patient("image-roe", b"key") == pseudonym("image-roe", b"key")


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
        "path,original_width,original_height,original_bytes,original_format,original_mode\na,,2,3,PNG,L\n",
        "path,original_width,original_height,original_bytes,original_format,original_mode\na,1,2,3,PNG,L,\n",
    ],
)
def test_a_manifest_that_does_not_serve_is_refused(csv, tmp_path, text):
    csv(text, "manifest.csv")
    with pytest.raises(DataError, match=r"manifest\.csv"):
        read_originals(tmp_path)
