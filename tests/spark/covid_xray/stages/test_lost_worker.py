"""A Python worker is killed in the middle of its work, as the system does when memory runs out."""

import threading

import psutil
import pytest
from covid_xray.errors import one_line
from covid_xray.stages.featurize import featurize

BACKBONE = "ResNet50"


def kill_workers(said, over):
    """Kill those that have loaded TensorFlow, hundreds of megabytes, once there is work for them."""
    while not over.wait(0.05):
        if not any(progress.total for progress in said):
            continue
        for process in psutil.Process().children(recursive=True):
            try:
                if "pyspark.daemon" in " ".join(process.cmdline()) and process.memory_info().rss > 400e6:
                    process.kill()
            except psutil.Error:
                continue


def test_the_run_fails_in_one_line_keeps_what_was_committed_and_is_repaired(
    ingested, tables, run_id, of_run, said
):
    ingested(per_class=5)

    def compute():
        featurize(tables, run_id, BACKBONE, said.append)

    over = threading.Event()
    killer = threading.Thread(target=kill_workers, args=(said, over))
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
