import os
import subprocess
import sys

import pytest

from benchmarks.processes import in_measured_process, in_new_process, peak_of_workers


def hold(megabytes):
    import time

    held = b"x" * (megabytes * 1_000_000)
    time.sleep(1.2)
    return os.getpid(), len(held)


def test_a_measured_call_returns_its_result_and_peak_memory():
    (pid, held), gigabytes = in_measured_process(hold, 300)
    assert pid != os.getpid() and held == 300_000_000
    assert 0.3 < gigabytes < 0.6


def hold_for_a_moment(megabytes):
    return len(b"x" * (megabytes * 1_000_000))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux records peak memory")
def test_a_short_peak_counts():
    _, gigabytes = in_measured_process(hold_for_a_moment, 300)
    assert 0.3 < gigabytes < 0.6


def fail_like_spark():
    import threading

    error = ValueError("no table")
    error.session = threading.RLock()
    raise error


def test_an_exception_that_cannot_be_pickled_is_returned_as_text():
    with pytest.raises(RuntimeError, match=r"fail_like_spark failed:(.|\n)*ValueError: no table"):
        in_new_process(fail_like_spark)


START_AND_WAIT = """
import subprocess, sys

hold = "held = b'x' * {}_000_000; del held; print('done', flush=True); input()"
pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
started = [
    subprocess.Popen([sys.executable, "-c", hold.format(megabytes), *name], **pipes)
    for megabytes, *name in (argument.split() for argument in sys.argv[1:])
]
for process in started:
    process.stdout.readline()
print("ready", flush=True)
input()
for process in started:
    process.communicate(b"\\n")
"""


@pytest.fixture
def process_tree():
    """Start a process whose children have each held some MB."""
    started = []

    def start(*children):
        command = [sys.executable, "-c", START_AND_WAIT, *children]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        started.append(process)
        assert process.stdout.readline() == b"ready\n"
        return process.pid

    yield start
    for process in started:
        process.communicate(b"\n")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux records peak memory")
def test_the_peak_of_workers_is_that_of_the_largest_spark_worker(process_tree):
    with peak_of_workers(process_tree("600", "100 pyspark.daemon", "300 pyspark.daemon")) as peak:
        pass
    assert 300 * 1e6 < peak() * 2**20 < 400 * 1e6


def test_the_peak_of_workers_is_0_without_workers(process_tree):
    with peak_of_workers(process_tree("1")) as peak:
        pass
    assert peak() == 0
