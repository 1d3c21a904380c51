"""A volume's folders, and its files back, through the real databricks-sdk."""

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config

from data_upload.__main__ import main
from data_upload.volume import Volume
from tests.workspace.stand_in import IMAGES, REPORTS
from tests.workspace.stand_in_faults import busy, late, some, unavailable


def test_each_folder_is_made_once_before_files_go_into_it(type_upload, workspace):
    workspace.strict = True
    workspace.folders = [IMAGES]
    code, printed = type_upload("--workers", "4")
    assert code == 0 and "19 sent" in printed and "0 failed" in printed
    classes = [f"{IMAGES}/{name}" for name in ("Covid-19", "No_findings", "Pneumonia")]
    assert [folder for folder in workspace.folders if folder != IMAGES] == classes


def test_a_second_time_no_folder_is_made(type_upload, workspace):
    type_upload()
    workspace.folders = []
    type_upload()
    assert workspace.folders == []


@pytest.mark.parametrize("to", [IMAGES, f"{IMAGES}/site 2/new"])
def test_a_volume_that_was_emptied_takes_everything_again(type_upload, workspace, to):
    workspace.strict = True
    for _ in range(2):
        code, printed = type_upload(to=to)
        assert code == 0 and "19 sent" in printed and f"{to}/patients.csv" in workspace.files
        workspace.files, workspace.folders = {}, []


def test_a_dry_run_makes_no_folder_in_an_emptied_volume(type_upload, workspace):
    workspace.strict = True
    code, printed = type_upload("--dry-run", to=f"{IMAGES}/new")
    assert code == 0 and "would send 19" in printed and workspace.folders == [IMAGES]


def test_a_server_that_does_not_answer_in_time_is_asked_again(workspace):
    workspace.fault = some(0.5, 2, late)
    client = WorkspaceClient(config=Config(http_timeout_seconds=0.5))
    volume = Volume(client, IMAGES, "--to")
    for name in "abc":
        volume.send(f"{name}.png", name.encode())
    assert volume.sizes() == {"a.png": 1, "b.png": 1, "c.png": 1}


def test_reports_come_back_whole(workspace, tmp_path, capsys):
    workspace.files = {f"{REPORTS}/r1/index.html": b"<html>", f"{REPORTS}/r1/figures/a b.png": bytes(300_000)}
    workspace.fault = some(0.3, 4, busy, unavailable)
    code = main(["download", "--from", REPORTS, "--output", str(tmp_path / "back")])
    assert code == 0 and "2 files" in capsys.readouterr().out
    assert (tmp_path / "back/r1/index.html").read_bytes() == b"<html>"
    assert (tmp_path / "back/r1/figures/a b.png").read_bytes() == bytes(300_000)
    assert len([file for file in (tmp_path / "back").rglob("*") if file.is_file()]) == 2
