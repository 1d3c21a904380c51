"""A Python worker is killed in the middle of its work, as the system does when memory runs out."""

import threading

import psutil
import pytest
from covid_xray.errors import one_line
from covid_xray.featurize import featurize

BACKBONE = "ResNet50"


def kill_one(over):
    """Kill a worker that has loaded TensorFlow, which takes hundreds of megabytes: it is at work."""
    while not over.wait(0.05):
        for process in psutil.Process().children(recursive=True):
            try:
                if "pyspark.daemon" in " ".join(process.cmdline()) and process.memory_info().rss > 400e6:
                    process.kill()
                    return
            except psutil.Error:
                continue


def test_the_run_fails_in_one_line_keeps_what_was_committed_and_is_repaired(
    ingested, tables, run_id, of_run, make_settings, tmp_path, said
):
    ingested(per_class=5)

    def compute():
        featurize(tables, make_settings(), run_id, BACKBONE, "random", tmp_path, said.append)

    over = threading.Event()
    killer = threading.Thread(target=kill_one, args=(over,))
    killer.start()
    try:
        with pytest.raises(Exception) as failed:
            compute()
    finally:
        over.set()
        killer.join()
    assert "a Python worker was killed" in one_line(failed.value)
    assert {(row.status, row.error) for row in of_run("runs")} == {("failed", one_line(failed.value))}
    compute()
    assert {(row.status, row.error, row.featurized_images) for row in of_run("runs")} == {
        ("running", None, 15)
    }
