"""By the real git, from repositories on this machine."""

import subprocess

import pytest
from covid_xray.dataset.record import Commit

from data_upload.errors import DataUploadError
from data_upload.fetch import fetch_dataset


@pytest.fixture
def repository(tmp_path):
    """A repository with one commit of the given files, served as a git server serves it."""

    def make(name, files, wanted):
        folder = tmp_path / name
        folder.mkdir()

        def git(*arguments):
            command = [
                "git",
                "-C",
                str(folder),
                "-c",
                "user.name=n",
                "-c",
                "user.email=e@example.org",
                *arguments,
            ]
            return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

        git("init", "--quiet")
        git("config", "uploadpack.allowAnySHA1InWant", "true")
        git("config", "uploadpack.allowFilter", "true")
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        git("add", "-A")
        git("commit", "--quiet", "-m", "all")
        return Commit(folder.as_uri(), git("rev-parse", "HEAD"), wanted)

    return make


@pytest.fixture
def dataset(repository):
    files = {
        "X/Covid-19/a.jpg": "A",
        "X/Covid-19/b.jpg": "B",
        "X/Pneumonia/00000583_008.png": "P",
        "README": "r",
    }
    return repository("images", files, "Covid-19")


@pytest.fixture
def metadata(repository):
    return repository(
        "metadata", {"metadata.csv": "patientid,filename\n4,a.jpg\n9,other.jpg\n", "big": "x"}, "metadata.csv"
    )


def test_class_folders_and_patients_arrive(dataset, metadata, tmp_path):
    output = tmp_path / "out folder"
    assert fetch_dataset(output, dataset, metadata).startswith("3 images in ")
    found = {f.relative_to(output).as_posix() for f in output.rglob("*") if f.is_file()}
    assert found == {
        "Covid-19/a.jpg",
        "Covid-19/b.jpg",
        "Pneumonia/00000583_008.png",
        "patients.csv",
        ".commits",
    }
    assert (
        output / "patients.csv"
    ).read_text() == "label,original_filename,patient_id\nCovid-19,a.jpg,cov4\n"


def test_without_a_known_patient_there_is_no_file_of_patients(dataset, repository, tmp_path):
    text = {"metadata.csv": "patientid,filename\n9,other.jpg\n"}
    done = fetch_dataset(tmp_path / "out", dataset, repository("metadata", text, "metadata.csv"))
    assert "patient ids of 0 Covid-19 images" in done and not (tmp_path / "out" / "patients.csv").exists()


def test_a_second_fetch_finds_it_there(dataset, metadata, tmp_path):
    fetch_dataset(tmp_path / "out", dataset, metadata)
    assert "already" in fetch_dataset(tmp_path / "out", dataset, metadata)


def test_another_commit_than_the_one_named_is_never_taken(dataset, metadata, tmp_path):
    wrong = Commit(dataset.url, "0" * 40, dataset.path)
    with pytest.raises(DataUploadError, match=r"cannot be fetched .*not our ref"):
        fetch_dataset(tmp_path / "out", wrong, metadata)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_repository_that_cannot_be_reached_is_one_line_that_says_what_to_do(metadata, tmp_path):
    missing = Commit((tmp_path / "nowhere").as_uri(), "1" * 40, "Covid-19")
    with pytest.raises(DataUploadError, match="give its folder as --data") as refusal:
        fetch_dataset(tmp_path / "out", missing, metadata)
    assert "\n" not in str(refusal.value)


def test_a_folder_that_holds_something_else_is_left_alone(dataset, metadata, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("keep")
    with pytest.raises(DataUploadError, match="not empty"):
        fetch_dataset(tmp_path / "out", dataset, metadata)


def test_without_git_it_says_so(dataset, metadata, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DataUploadError, match="git is not installed"):
        fetch_dataset(tmp_path / "out", dataset, metadata)
