"""An upload that is impossible fails with one line, before anything is sent or written."""

import os
import socket
import subprocess
import sys
import time

import pytest

from data_upload import volume
from data_upload.__main__ import main
from tests.workspace.stand_in import IMAGES, REPORTS
from tests.workspace.stand_in_faults import broken, forbidden, locked_out, stale


@pytest.fixture
def refused(type_upload, workspace, sample):
    """Type an upload that sends nothing and makes no key; the one line that it prints comes back."""

    def run(*options, data=sample, **to):
        code, printed = type_upload(*options, data=data, **to)
        assert code == 2 and printed.startswith("data_upload: ") and printed.count("\n") == 1
        assert workspace.files == {} and workspace.folders == []
        return printed

    return run


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("/Volumes/mian/xray/images", "Catalog 'mian' does not exist"),
        ("/Volumes/main/xra/images", "Schema 'main.xra' does not exist"),
        ("/Volumes/main/xray/image", "Volume 'main.xray.image' does not exist"),
        ("/Volumes/main/xray/image/new", "Volume 'main.xray.image' does not exist"),
    ],
)
def test_a_volume_that_does_not_exist_is_named_in_the_workspaces_own_words(refused, sample, to, said):
    line = refused(to=to)
    root = to.removesuffix("/new")
    assert f"there is no volume {root} ({said}): correct --to, or deploy the bundle first" in line
    assert not (sample / ".upload").exists()


def test_a_path_that_is_not_a_volume_is_refused(refused):
    assert "--to /dbfs/images is not a volume: give /Volumes/" in refused(to="/dbfs/images")


def test_a_user_who_may_not_read_the_volume_is_told_what_to_ask_for(refused, workspace, sample):
    workspace.fault = forbidden
    line = refused()
    assert f"no permission for {IMAGES} (User does not have WRITE VOLUME): ask the owner" in line
    assert f"of {IMAGES} for READ VOLUME and WRITE VOLUME on it" in line
    assert not (sample / ".upload").exists()


def test_a_user_who_may_read_but_not_write_is_told_before_anything_is_sent(refused, workspace):
    workspace.fault = lambda handler: handler.command == "PUT" and forbidden(handler)
    assert f"ask the owner of {IMAGES} for READ VOLUME and WRITE VOLUME on it" in refused()


@pytest.mark.parametrize(
    ("fault", "said"), [(locked_out, "who are you?"), (stale, "Invalid access token")], ids=["401", "403"]
)
def test_a_login_that_is_refused_is_to_be_renewed(refused, workspace, fault, said):
    workspace.fault = fault
    line = refused()
    assert f"{workspace.url} rejects the login ({said}): log in with `databricks auth login`" in line


def test_a_workspace_that_goes_on_failing_is_quoted(refused, workspace, monkeypatch):
    monkeypatch.setattr(volume, "_ATTEMPTS", 1)
    workspace.fault = broken
    assert f"the workspace cannot serve {IMAGES} (no luck): run the same command again later" in refused()


def test_without_a_workspace_it_says_how_to_name_one(refused, monkeypatch):
    monkeypatch.delenv("DATABRICKS_HOST")
    monkeypatch.delenv("DATABRICKS_TOKEN")
    line = refused()
    assert "no workspace is configured" in line and "databricks auth login" in line


def test_a_workspace_that_cannot_be_reached_is_named_within_seconds(workspace, sample):
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        host = f"http://127.0.0.1:{nobody.getsockname()[1]}"
    command = [sys.executable, "-m", "data_upload", "upload", "--data", str(sample), "--to", IMAGES]
    start = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"DATABRICKS_HOST": host})
    assert time.monotonic() - start < 30
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"data_upload: the workspace {host} cannot be reached (Connection refused): check its name and the "
        "connection, then run the same command again\n"
    )


def test_a_folder_without_x_rays_is_nothing_to_upload(refused, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    line = refused(data=empty)
    assert f"nothing to upload in {empty} (there are no files in class folders): give a folder" in line
    assert list(empty.iterdir()) == []


def test_a_folder_without_x_rays_empties_no_volume(type_upload, workspace, tmp_path):
    type_upload()
    before = dict(workspace.files)
    (tmp_path / "empty").mkdir()
    code, _ = type_upload("--delete", data=tmp_path / "empty")
    assert code == 2 and workspace.files == before


def test_a_patients_file_that_does_not_exist_is_named(refused, tmp_path):
    assert "cannot read the patients file" in refused("--patients", str(tmp_path / "none.csv"))


def test_a_data_folder_that_does_not_exist_is_named_and_not_made(refused, tmp_path):
    assert f"there is no folder {tmp_path / 'nowhere'}" in refused(data=tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_a_download_names_its_own_option_and_asks_for_reading_only(workspace, tmp_path, capsys):
    command = ["download", "--output", str(tmp_path / "back"), "--from"]
    assert main([*command, "/Volumes/main/xray/report"]) == 2
    assert "correct --from, or deploy" in capsys.readouterr().err
    workspace.fault = forbidden
    assert main([*command, REPORTS]) == 2
    assert f"ask the owner of {REPORTS} for READ VOLUME on it" in capsys.readouterr().err


def test_zero_workers_are_refused_before_any_request(type_upload, workspace, capsys):
    with pytest.raises(SystemExit):
        type_upload("--workers", "0")
    assert "argument --workers: '0' is not a positive integer" in capsys.readouterr().err
    assert workspace.requests == 0


def test_a_path_with_an_empty_part_is_refused(refused):
    assert "is not a volume: give" in refused(to=f"{IMAGES}//new")


def test_a_profile_beside_another_host_is_refused(refused, workspace):
    assert "--profile ward and DATABRICKS_HOST both name a workspace" in refused("--profile", "ward")
    assert workspace.requests == 0


def test_nothing_is_deleted_where_a_file_is_rejected(type_upload, workspace, sample):
    type_upload()
    before = dict(workspace.files)
    damaged = next(sample.glob("Covid-19/*.png"))
    damaged.write_bytes(damaged.read_bytes()[:200])
    code, printed = type_upload("--delete")
    assert code == 2 and printed.count("\n") == 1 and workspace.files == before
    assert f"nothing was sent or deleted: 1 file rejected in {sample}, such as" in printed


def test_a_download_of_nothing_is_refused(workspace, tmp_path, capsys):
    assert main(["download", "--from", f"{REPORTS}/typo", "--output", str(tmp_path)]) == 2
    assert f"{REPORTS}/typo is empty or does not exist: correct --from" in capsys.readouterr().err
