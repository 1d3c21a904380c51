"""The same run on a standalone cluster: a master and workers with processes of their own."""

import socket

import pytest

from jobs.local_cluster import ClusterError, start, stop
from tests.same_tables import differences


@pytest.mark.thorough
def test_a_run_typed_for_it_finds_the_tables_of_a_local_run(ran, master, type_again):
    assert list(differences(ran.output, type_again(master))) == []


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
