"""Which files of a folder are uploaded, and how they are named."""

from pathlib import Path

import pytest
from covid_xray.dataset.attributes import Attributes

from data_upload.errors import DataUploadError
from data_upload.items import UploadItem, extraneous, is_uploaded, open_xrays, pack, remote_name
from tests.corpus.dicom import radiograph, written
from tests.corpus.pictures import drawn, encoded, picture


@pytest.fixture
def folder(tmp_path):
    """A class folder with a sound X-ray."""
    (tmp_path / "No_findings").mkdir()
    (tmp_path / "No_findings" / "a.png").write_bytes(encoded(picture("sound"), "PNG"))
    return tmp_path / "No_findings"


def test_a_file_whose_tags_may_identify_a_patient_is_rejected(folder):
    (folder / "b.dcm").write_bytes(written(radiograph("named", PatientName="Doe^Jane")))
    xrays, rejected = open_xrays(folder.parent, 1)
    items = pack(folder.parent, xrays, {"No_findings/a.png": "p1"}, {}, None)
    assert [item.name for item in items] == ["No_findings/a.png", "patients.csv"]
    assert [(one.path, one.reason) for one in rejected] == [("No_findings/b.dcm", "DICOM")]
    assert "resize the folder" in rejected[0].detail


@pytest.fixture
def uploaded_patients(tmp_path):
    """The patients.csv that is uploaded with these files; the patient of a file in Covid-19 is `covid`."""

    def rows(*paths, covid="cov7", attributes=None, key=None):
        for number, path in enumerate(paths):
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).write_bytes(encoded(picture(f"sound {number}"), "PNG"))
        xrays, _ = open_xrays(tmp_path, 1)
        patient_of = {"Covid-19": covid, "No_findings": "00000583"}
        patients = {file.path: patient_of[file.label] for file, _, _ in xrays}
        items = pack(tmp_path, xrays, patients, attributes or {}, key)
        (made,) = [item for item in items if item.name == "patients.csv"]
        return made.read().decode().splitlines()

    return rows


@pytest.mark.parametrize("key", [None, bytes(32)])
def test_the_collections_of_a_known_dataset_are_uploaded_with_pseudonyms_too(uploaded_patients, key):
    header, *rows = uploaded_patients("Covid-19/a b.png", "No_findings/00000583_001.png", key=key)
    assert header == "label,filename,patient_id,source"
    assert [(row.split(",")[0], row.split(",")[3]) for row in rows] == [
        ("Covid-19", "ieee8023/covid-chestxray-dataset"),
        ("No_findings", "NIH ChestX-ray8"),
    ]


def test_no_source_of_other_x_rays_is_uploaded_not_even_one_that_was_given(uploaded_patients, tmp_path):
    (tmp_path / "patients.csv").write_text(
        "label,filename,patient_id,source\nCovid-19,a.png,p1,Practice of Dr Roe\n"
    )
    header, *rows = uploaded_patients("Covid-19/a.png", "No_findings/00000583_001.png", covid="p1")
    assert header == "label,filename,patient_id" and "Roe" not in "".join(rows)


@pytest.mark.parametrize("key", [None, bytes(32)])
def test_view_sex_and_age_are_uploaded_normalised_and_only_of_files_that_are_sent(uploaded_patients, key):
    known = {"Covid-19/a.png": Attributes("PA", "F", 90), "Covid-19/letter.txt": Attributes(age=7)}
    header, row, _ = uploaded_patients(
        "Covid-19/a.png", "No_findings/00000583_001.png", covid="p1", attributes=known, key=key
    )
    assert header == "label,filename,patient_id,view,sex,age" and row.endswith(",PA,F,90")


def test_what_a_decoder_reports_of_a_damaged_file_is_not_printed(folder, capfd):
    whole = drawn("deflated", "TIFF", compression="tiff_adobe_deflate")
    (folder / "b.tif").write_bytes(whole[:60] + b"\xff" * 40 + whole[100:])
    _, rejected = open_xrays(folder.parent, 1)
    assert [(one.path, one.reason) for one in rejected] == [("No_findings/b.tif", "unreadable")]
    assert capfd.readouterr() == ("", "")


def test_a_folder_without_files_is_nothing_to_upload(tmp_path):
    (tmp_path / "No_findings").mkdir()
    (tmp_path / "beside.png").write_bytes(encoded(picture("sound"), "PNG"))
    with pytest.raises(DataUploadError, match=r"there are no files .* one folder of X-rays per class"):
        open_xrays(tmp_path, 1)


def test_a_folder_without_an_x_ray_is_nothing_to_upload(tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("Dear Ms Doe")
    with pytest.raises(DataUploadError, match=r"no X-ray among 1 file, such as letters/a.txt: not_an_image"):
        open_xrays(tmp_path, 1)


@pytest.mark.parametrize(
    ("name", "suffix"), [("a.PNG", ".png"), ("a.jpeg", ".jpeg"), ("scan.Smith_John 1950", ""), ("a", "")]
)
def test_a_suffix_that_could_be_a_name_is_dropped(name, suffix):
    assert remote_name("Covid-19", Path(name), "0af3") == f"Covid-19/0af3{suffix}"


@pytest.mark.parametrize(
    ("remote", "sent", "pseudonymised", "expected"),
    [
        ({"C/0af3.png": 7}, {}, True, True),
        ({"C/0af3.png": 7}, {}, False, False),
        ({"C/0af3.png": 7}, {"C/0af3.png": "0af3"}, False, True),
        ({"C/0af3.png": 7}, {"C/0af3.png": "ffff"}, False, False),
        ({"C/0af3.png": 6}, {"C/0af3.png": "0af3"}, True, False),
        ({}, {"C/0af3.png": "0af3"}, True, False),
    ],
)
def test_an_item_is_uploaded_if_its_size_is_right_and_its_contents_are_known(
    remote, sent, pseudonymised, expected
):
    item = UploadItem("C/0af3.png", Path("a.png"), 7, "0af3", "C/a.png")
    assert is_uploaded(item, remote, sent, pseudonymised) is expected


def test_files_of_the_volume_that_are_not_among_the_items_are_extraneous():
    assert extraneous([UploadItem("C/b", b"", 0, "0")], ["C/c", "C/b", "C/a"]) == ["C/a", "C/c"]
