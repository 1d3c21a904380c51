import os
import subprocess
import sys

import pytest

from benchmarks.own_process import in_own_process, in_watched_process, peak_of_workers


def hold(megabytes):
    import time

    held = b"x" * (megabytes * 1_000_000)
    time.sleep(1.2)
    return os.getpid(), len(held)


def test_a_result_comes_back_from_another_process_with_the_memory_it_took():
    (pid, held), gigabytes = in_watched_process(hold, 300)
    assert pid != os.getpid() and held == 300_000_000
    assert 0.3 < gigabytes < 0.6


def hold_for_a_moment(megabytes):
    return len(b"x" * (megabytes * 1_000_000))


@pytest.mark.skipif(sys.platform != "linux", reason="Linux keeps a process's peak")
def test_memory_held_for_a_moment_counts():
    _, gigabytes = in_watched_process(hold_for_a_moment, 300)
    assert 0.3 < gigabytes < 0.6


def fail_like_spark():
    import threading

    error = ValueError("no table")
    error.session = threading.RLock()
    raise error


def test_a_failure_comes_back_in_words_though_it_holds_what_cannot_travel():
    with pytest.raises(RuntimeError, match=r"fail_like_spark failed:(.|\n)*ValueError: no table"):
        in_own_process(fail_like_spark)


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
def family():
    """A process with children that each have held some MB; the tests' own has Spark's workers."""
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


@pytest.mark.skipif(sys.platform != "linux", reason="Linux keeps a process's peak")
def test_of_sparks_workers_the_one_that_took_most_counts_and_no_other_process(family):
    with peak_of_workers(family("600", "100 pyspark.daemon", "300 pyspark.daemon")) as peak:
        pass
    assert 300 * 1e6 < peak() * 2**20 < 400 * 1e6


def test_where_there_are_no_workers_there_is_no_peak(family):
    with peak_of_workers(family("1")) as peak:
        pass
    assert peak() == 0
