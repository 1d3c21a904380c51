"""Upload through the real databricks-sdk, against a stand-in that answers badly."""

import csv
import hashlib
import logging
import signal
import subprocess
import sys
import threading
import time

import pytest
from covid_xray.dataset.patients_table import read_patients

from data_upload.sample import draw_sample
from tests.corpus.pictures import drawn
from tests.workspace.stand_in import IMAGES
from tests.workspace.stand_in_faults import broken, busy, locked_out, reset, some, truncated, unavailable


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def pictures(workspace):
    """Names below the volume of everything but the tables beside the class folders."""
    names = [path.removeprefix(f"{IMAGES}/") for path in workspace.files if path.startswith(IMAGES)]
    return sorted(name for name in names if "/" in name)


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_x_rays_arrive_under_their_checksums_and_patients_under_pseudonyms(type_upload, workspace, sample):
    code, printed = type_upload("--patients", str(sample / "patients.csv"))
    assert code == 0 and "19 sent, 0 already there, 0 deleted, 0 failed" in printed
    originals = {file: file.read_bytes() for file in sample.glob("*/*.png")}
    assert pictures(workspace) == sorted(f"{f.parent.name}/{sha256(c)}.png" for f, c in originals.items())
    for file, content in originals.items():
        assert workspace.files[f"{IMAGES}/{file.parent.name}/{sha256(content)}.png"] == content

    sent = workspace.files[f"{IMAGES}/patients.csv"].decode()
    (sample / "remote.csv").write_text(sent)
    theirs, ours = (
        {row.names[0]: row.patient_id for row in read_patients(sample / name).rows}
        for name in ("remote.csv", "patients.csv")
    )
    pairs = {(ours[f.name], theirs[f"{sha256(content)}.png"]) for f, content in originals.items()}
    assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs}) == 12
    assert not any(patient in sent for patient, _ in pairs) and "phantom" not in sent
    assert (sample / ".upload" / "key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("options", [(), ("--patients", "")])
def test_patients_csv_in_the_folder_is_used_without_being_named(type_upload, workspace, options):
    type_upload(*options)
    rows = list(csv.DictReader(workspace.files[f"{IMAGES}/patients.csv"].decode().splitlines()))
    assert (len(rows), len({row["patient_id"] for row in rows})) == (18, 12)


@pytest.mark.parametrize(("target", "option"), [(None, ""), ("", ""), ("prod", " -t prod")])
def test_it_ends_with_the_next_command(type_upload, monkeypatch, target, option):
    monkeypatch.delenv("DATABRICKS_BUNDLE_TARGET", raising=False)
    if target is not None:
        monkeypatch.setenv("DATABRICKS_BUNDLE_TARGET", target)
    _, printed = type_upload()
    assert printed.splitlines()[-1] == f"next: databricks bundle run training{option}"


@pytest.mark.parametrize("options", [(), ("--plain-names",)])
def test_git_ignores_what_leads_back_to_patients(type_upload, sample, options):
    type_upload(*options)
    subprocess.run(["git", "init", "--quiet", str(sample)], check=True)
    command = ["git", "-C", str(sample), "ls-files", "--others", "--exclude-standard"]
    seen = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert (sample / ".upload" / "sent.csv").is_file() and "patients.csv" in seen and ".upload" not in seen


def test_a_second_time_nothing_is_sent_and_later_only_what_is_new(type_upload, workspace, sample):
    type_upload()
    before = dict(workspace.writes)
    code, printed = type_upload()
    assert code == 0 and "0 sent, 19 already there" in printed and dict(workspace.writes) == before
    (sample / "Pneumonia" / "new.png").write_bytes(drawn("new"))
    _, printed = type_upload()
    assert "2 sent, 18 already there" in printed, "the new image, and patients.csv, which names it"
    assert "19 X-rays: 1 whose patient is unknown, each counted as a separate patient\n" in printed
    rows = csv.DictReader(workspace.files[f"{IMAGES}/patients.csv"].decode().splitlines())
    alone = f"image-{sha256(drawn('new'))[:12]}"
    assert [row["filename"] for row in rows if row["patient_id"] == alone] == [f"{sha256(drawn('new'))}.png"]


def test_the_manifest_goes_along_under_the_new_names(type_upload, workspace, sample):
    file = sorted(sample.glob("Covid-19/*.png"))[0]
    (sample / "manifest.csv").write_text(
        "path,original_path,original_width\n"
        f"Covid-19/{file.name},Covid-19/Jane Doe.png,2000\nCovid-19/gone.png,Covid-19/gone.png,1\n"
    )
    type_upload()
    name = f"Covid-19/{sha256(file.read_bytes())}.png"
    rows = list(csv.reader(workspace.files[f"{IMAGES}/manifest.csv"].decode().splitlines()))
    assert rows == [["path", "original_path", "original_width"], [name, name, "2000"]]


def test_files_that_are_not_x_rays_are_listed_and_not_uploaded(type_upload, workspace, sample):
    (sample / "Covid-19" / "patients of ward 3.xlsx").write_bytes(b"PK names")
    code, printed = type_upload()
    assert code == 0 and "1 file rejected and not uploaded:\n" in printed
    assert "  Covid-19/patients of ward 3.xlsx: not_an_image" in printed
    assert len(pictures(workspace)) == 18


def test_plain_names_are_kept_when_asked_for(type_upload, workspace, sample):
    (sample / "Covid-19" / "a b%20#?é.png").write_bytes(
        next(sample.glob("Covid-19/*.png")).read_bytes() + b"x"
    )
    type_upload("--plain-names")
    assert pictures(workspace) == sorted(f"{f.parent.name}/{f.name}" for f in sample.glob("*/*.png"))
    _, printed = type_upload("--plain-names")
    assert "0 sent, 20 already there" in printed


def test_a_dry_run_sends_nothing_and_says_what_it_would(type_upload, workspace):
    code, printed = type_upload("--dry-run")
    assert code == 0 and "would send 19, skip 0, delete 0" in printed and workspace.files == {}


def test_what_has_vanished_here_is_deleted_there_only_when_asked_for(type_upload, workspace, sample):
    type_upload()
    next(sample.glob("Covid-19/*.png")).unlink()
    _, printed = type_upload()
    assert len(pictures(workspace)) == 18
    assert f"1 file in the volume, not in {sample}: jobs read the whole volume, --delete removes" in printed
    _, printed = type_upload("--delete")
    assert "1 deleted" in printed and len(pictures(workspace)) == 17


def test_thirty_per_cent_of_requests_failing_loses_and_doubles_nothing(type_upload, workspace, tmp_path):
    many = tmp_path / "many"
    draw_sample(many, per_class=15, seed=2)
    workspace.fault = some(0.3, 5, busy, unavailable, broken, reset)
    code, printed = type_upload(data=many)
    assert code == 0 and "46 sent" in printed and "0 failed" in printed
    assert {sha256(workspace.files[f"{IMAGES}/{name}"]) for name in pictures(workspace)} == {
        sha256(file.read_bytes()) for file in many.glob("*/*.png")
    }
    assert set(workspace.writes.values()) == {1} and len(workspace.writes) == 46


def test_a_file_that_arrives_cut_is_a_failure_and_sent_again_next_time(type_upload, workspace):
    workspace.fault = some(0.2, 1, truncated)
    code, printed = type_upload()
    assert code == 1 and "bytes arrived: send it again" in printed and "next:" not in printed
    assert printed.splitlines()[-1] == "run the same command again: it sends only what is missing"
    workspace.fault = lambda handler: False
    code, printed = type_upload()
    assert code == 0 and "0 failed" in printed and "19 already there" not in printed
    code, printed = type_upload()
    assert "0 sent, 19 already there" in printed


def test_a_killed_upload_continues_where_it_stopped(workspace, sample):
    sixth, killed = threading.Event(), threading.Event()

    def stop_after_five(handler):
        if handler.command == "PUT" and len(workspace.files) >= 5:
            sixth.set()
            killed.wait(60)
        return False

    workspace.fault = stop_after_five
    command = [sys.executable, "-m", "data_upload", "upload", "--data", str(sample), "--to", IMAGES]
    upload = subprocess.Popen([*command, "--workers", "1"], stdout=subprocess.DEVNULL)
    assert sixth.wait(60)
    upload.send_signal(signal.SIGKILL)
    upload.wait()
    killed.set()
    # The sixth has arrived if all of it was sent before the process died.
    wait_until(lambda: workspace.connections == 0)
    there = len(workspace.files)
    assert there in (5, 6)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"{19 - there} sent, {there} already there" in done.stdout
    assert set(workspace.writes.values()) == {1} and len(workspace.writes) == 19


@pytest.mark.parametrize("fault", [some(0.3, 5, busy, reset), locked_out])
def test_the_token_is_never_printed_nor_logged(type_upload, workspace, caplog, fault):
    for name in [None, *logging.root.manager.loggerDict]:
        caplog.set_level("DEBUG", logger=name)
    workspace.fault = fault
    code, printed = type_upload()
    assert (code, "GET /api/2.0/fs/directories" in caplog.text) == (2 if fault is locked_out else 0, True)
    assert "secret-token" not in printed + caplog.text
