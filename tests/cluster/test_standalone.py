"""The same run on a standalone cluster: a master and workers with processes of their own."""

import socket
import subprocess
import sys

import numpy as np
import pytest
from deltalake import DeltaTable

from jobs.local_cluster import ClusterError, start, stop


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("my cluster")


@pytest.fixture(scope="module")
def master(folder):
    url = start(folder, workers=2)
    yield url
    stop(folder)


@pytest.fixture(scope="module")
def ran_there(ran, master, root, tmp_path_factory):
    """The run of `ran`, typed again with --master and an output of its own."""
    output = tmp_path_factory.mktemp("cluster") / "my output"
    command = ["-m", "jobs.local", "run", ran.name, "--data", str(ran.data), "--weights", "random"]
    done = subprocess.run(
        [sys.executable, *command, "--output", str(output), "--master", master],
        cwd=root,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return output


def rows(output, table, key):
    frame = DeltaTable(output / "warehouse" / table).to_pandas()
    return frame.sort_values(key, ignore_index=True)


def test_it_finds_the_tables_of_a_local_run(ran, ran_there):
    here, there = (rows(output, "features", "image_id") for output in (ran.output, ran_there))
    assert here["image_id"].equals(there["image_id"]) and len(here) == 24
    assert set(here["weights_id"]) == set(there["weights_id"])
    values, others = (np.stack(frame["features"]) for frame in (here, there))
    assert np.abs(values - others).max() <= 1e-5 * np.abs(values).max()
    first = rows(ran.output, "runs", "run_id")["run_id"][0]
    here, there = (rows(output, "predictions", ["run_id", "image_id"]) for output in (ran.output, ran_there))
    here = here[here["run_id"] == first].reset_index(drop=True)
    same = ["image_id", "patient_id", "label", "prediction", "task", "protocol", "fold"]
    assert here[same].equals(there[same])
    for table in ("images", "quarantine"):
        here, there = (rows(output, table, "path") for output in (ran.output, ran_there))
        assert there.drop(columns="run_id", errors="ignore").equals(
            here[here["run_id"] == first].drop(columns="run_id") if table == "quarantine" else here
        )


def test_the_work_was_done_by_its_workers(ran_there, folder):
    logs = list((folder / "work").glob("app-*/*/stderr"))
    assert len(logs) == 2


def test_a_second_cluster_in_the_folder_is_refused(master, folder):
    with pytest.raises(ClusterError, match=f"running already, at {master}: stop it first"):
        start(folder, workers=1)


def test_stop_ends_all_of_it_and_says_how_many(tmp_path):
    url = start(tmp_path, workers=1)
    host, port = url.removeprefix("spark://").split(":")
    assert host == "127.0.0.1"
    socket.create_connection((host, int(port)), timeout=5).close()
    assert stop(tmp_path) == 2
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=5)
    assert stop(tmp_path) == 0


def test_a_cluster_without_workers_is_refused(tmp_path):
    with pytest.raises(ClusterError, match="--workers starts at 1"):
        start(tmp_path, workers=0)


def test_a_cluster_that_does_not_come_up_leaves_nothing_running(tmp_path, monkeypatch):
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    with pytest.raises(ClusterError, match="did not come up; what Spark says of it is in"):
        start(tmp_path, workers=1)
    assert stop(tmp_path) == 0
