"""The same run on a standalone cluster: a master and workers with processes of their own."""

import os
import socket
import subprocess
import sys

import pytest

from jobs.local.cluster import ClusterError, start, stop
from tests.same_tables import differences

# Each task waits until both have begun: a worker has one core, so one worker alone cannot run both.
WHO_WORKS = """
import os, sys, time
from pathlib import Path
import pyarrow as pa
from covid_xray.storage.session import local_session

begun = Path(sys.argv[3])

def work(batches):
    ids = [value for batch in batches for value in batch.column(0).to_pylist()]
    (begun / str(ids[0])).touch()
    end = time.monotonic() + 60
    while len(list(begun.iterdir())) < 2:
        if time.monotonic() > end:
            raise TimeoutError("the other worker has not begun")
        time.sleep(0.05)
    yield pa.RecordBatch.from_pydict({"parent": [os.getppid()]})

spark = local_session(sys.argv[1], Path(sys.argv[2]))
rows = spark.range(2, numPartitions=2).mapInArrow(work, "parent BIGINT").collect()
print(len({row.parent for row in rows}))
spark.stop()
"""


def test_each_of_its_workers_does_a_part_of_the_work(master, root, short_lived, tmp_path):
    begun = tmp_path / "begun"
    begun.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", WHO_WORKS, master, str(tmp_path / "spark.log"), str(begun)],
        cwd=root,
        env=os.environ | short_lived,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "2", done.stdout + done.stderr


@pytest.mark.thorough
def test_a_run_typed_for_it_finds_the_tables_of_a_local_run(ran, master, type_again):
    assert list(differences(ran.output, type_again(master))) == []


def test_a_second_cluster_in_the_folder_is_refused(master, folder):
    with pytest.raises(ClusterError, match=f"already running at {master}: stop it first"):
        start(folder, workers=1)


def test_stop_ends_all_of_it_and_says_how_many(tmp_path):
    url = start(tmp_path, workers=1)
    host, port = url.removeprefix("spark://").split(":")
    assert host == "127.0.0.1"
    socket.create_connection((host, int(port)), timeout=5).close()
    assert stop(tmp_path) == 2
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=5).close()
    assert stop(tmp_path) == 0


def test_a_cluster_without_workers_is_refused(tmp_path):
    with pytest.raises(ClusterError, match="--workers 0: a cluster needs at least 1 worker"):
        start(tmp_path, workers=0)


def test_a_cluster_that_does_not_start_leaves_nothing_running(tmp_path, monkeypatch):
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    with pytest.raises(ClusterError, match="the cluster did not start: see what Spark writes in"):
        start(tmp_path, workers=1)
    assert stop(tmp_path) == 0
