"""What of a folder is sent."""

from data_upload.parcels import pack
from tests.corpus.dicom import radiograph, written
from tests.corpus.pictures import encoded, picture


def test_a_file_whose_tags_may_name_a_patient_stays_and_is_told(tmp_path):
    folder = tmp_path / "No_findings"
    folder.mkdir()
    (folder / "a.png").write_bytes(encoded(picture("sound"), "PNG"))
    (folder / "b.dcm").write_bytes(written(radiograph("named", PatientName="Doe^Jane")))
    parcels, left = pack(tmp_path, lambda label, path, sha256: "p1", None, 1)
    assert [parcel.name for parcel in parcels] == ["No_findings/a.png", "patients.csv"]
    assert [(one.path, one.reason) for one in left] == [("No_findings/b.dcm", "DICOM")]
    assert "resize the folder" in left[0].detail
