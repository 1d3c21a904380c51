"""What of a folder is sent."""

from data_upload.parcels import pack
from tests.corpus.dicom import radiograph, written
from tests.corpus.pictures import drawn, encoded, picture


def test_a_file_whose_tags_may_name_a_patient_stays_and_is_told(tmp_path):
    folder = tmp_path / "No_findings"
    folder.mkdir()
    (folder / "a.png").write_bytes(encoded(picture("sound"), "PNG"))
    (folder / "b.dcm").write_bytes(written(radiograph("named", PatientName="Doe^Jane")))
    parcels, left = pack(tmp_path, lambda label, path, sha256: "p1", None, 1)
    assert [parcel.name for parcel in parcels] == ["No_findings/a.png", "patients.csv"]
    assert [(one.path, one.reason) for one in left] == [("No_findings/b.dcm", "DICOM")]
    assert "resize the folder" in left[0].detail


def test_what_a_decoder_says_of_a_damaged_file_is_told_once(tmp_path, capfd):
    folder = tmp_path / "No_findings"
    folder.mkdir()
    whole = drawn("deflated", "TIFF", compression="tiff_adobe_deflate")
    (folder / "a.tif").write_bytes(whole[:60] + b"\xff" * 40 + whole[100:])
    _, left = pack(tmp_path, lambda label, path, sha256: "p1", None, 1)
    assert [(one.path, one.reason) for one in left] == [("No_findings/a.tif", "unreadable")]
    assert capfd.readouterr() == ("", "")
