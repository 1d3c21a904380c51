"""What of a folder is sent."""

import pytest

from data_upload.errors import DataUploadError
from data_upload.parcels import open_xrays, pack
from tests.corpus.dicom import radiograph, written
from tests.corpus.pictures import drawn, encoded, picture


def test_a_file_whose_tags_may_name_a_patient_stays_and_is_told(tmp_path):
    folder = tmp_path / "No_findings"
    folder.mkdir()
    (folder / "a.png").write_bytes(encoded(picture("sound"), "PNG"))
    (folder / "b.dcm").write_bytes(written(radiograph("named", PatientName="Doe^Jane")))
    xrays, left = open_xrays(tmp_path, 1)
    parcels = pack(tmp_path, xrays, lambda label, path, sha256: "p1", None)
    assert [parcel.name for parcel in parcels] == ["No_findings/a.png", "patients.csv"]
    assert [(one.path, one.reason) for one in left] == [("No_findings/b.dcm", "DICOM")]
    assert "resize the folder" in left[0].detail


def test_what_a_decoder_says_of_a_damaged_file_is_told_once(tmp_path, capfd):
    folder = tmp_path / "No_findings"
    folder.mkdir()
    whole = drawn("deflated", "TIFF", compression="tiff_adobe_deflate")
    (folder / "a.tif").write_bytes(whole[:60] + b"\xff" * 40 + whole[100:])
    (folder / "b.png").write_bytes(encoded(picture("sound"), "PNG"))
    _, left = open_xrays(tmp_path, 1)
    assert [(one.path, one.reason) for one in left] == [("No_findings/a.tif", "unreadable")]
    assert capfd.readouterr() == ("", "")


def test_a_folder_without_files_is_nothing_to_upload(tmp_path):
    (tmp_path / "No_findings").mkdir()
    (tmp_path / "beside.png").write_bytes(encoded(picture("sound"), "PNG"))
    with pytest.raises(DataUploadError, match=r"there are no files .* one folder of X-rays per class"):
        open_xrays(tmp_path, 1)


def test_a_folder_without_an_x_ray_is_nothing_to_upload(tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("Dear Ms Doe")
    with pytest.raises(DataUploadError, match=r"none of 1 files is an X-ray, such as letters/a.txt: not_an"):
        open_xrays(tmp_path, 1)
