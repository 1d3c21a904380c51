from covid_xray.dataset.folder import patients_file


def test_patients_csv_in_the_folder_is_used_unless_another_file_is_given(tmp_path):
    assert patients_file(tmp_path, None) is None
    beside = tmp_path / "patients.csv"
    beside.write_text("label,filename,patient_id\n")
    assert patients_file(tmp_path, None) == beside
    assert patients_file(tmp_path, tmp_path / "other.csv") == tmp_path / "other.csv"
