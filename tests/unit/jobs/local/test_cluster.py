"""Which processes the record of a cluster still means: ids are used again, and zombies may hold ports."""

import json
import subprocess
import sys
import time

import psutil
import pytest

from jobs.local.cluster import ClusterError, start, stop

# Once its input ends, the first thread ends; the other goes on.
FIRST_THREAD_ENDS = """
import ctypes, sys, threading
threading.Thread(target=threading.Event().wait).start()
sys.stdin.read()
ctypes.CDLL(None).pthread_exit(None)
"""


@pytest.fixture
def spawn():
    """Start a Python process that ends when its input does; the test's end kills it."""
    started = []

    def run(program="import sys; sys.stdin.read()"):
        started.append(subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def record(tmp_path):
    """Record a process as a member of the cluster in a folder, which comes back."""

    def write(process, earlier=0.0):
        began = psutil.Process(process.pid).create_time() - psutil.boot_time()
        state = {"url": "spark://there", "members": [{"pid": process.pid, "started": began - earlier}]}
        (tmp_path / "cluster.json").write_text(json.dumps(state))
        return tmp_path

    yield write
    # A cluster that a failing test has started by mistake.
    stop(tmp_path)


def become_zombie(process):
    """End the input of a process, and wait until its first thread has ended, without reaping it."""
    process.stdin.close()
    end = time.monotonic() + 20
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_stop_ends_a_process_that_is_still_the_recorded_one(spawn, record):
    process = spawn()
    assert stop(record(process)) == 1
    assert process.wait(20) < 0


def test_stop_spares_a_process_that_was_given_the_id_of_an_ended_one(spawn, record):
    bystander = spawn()
    folder = record(bystander, earlier=60)
    assert stop(folder) == 0 and not (folder / "cluster.json").exists()
    assert bystander.poll() is None


def test_a_process_that_nobody_has_waited_for_counts_as_ended(spawn, record):
    process = spawn()
    folder = record(process)
    become_zombie(process)
    assert stop(folder) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps the threads of a zombie")
def test_a_zombie_whose_threads_still_run_counts_as_running(spawn, record):
    process = spawn(FIRST_THREAD_ENDS)
    folder = record(process)
    become_zombie(process)
    with pytest.raises(ClusterError, match="a cluster is already running at spark://there: stop it first"):
        start(folder, workers=1)
    assert stop(folder) == 1
