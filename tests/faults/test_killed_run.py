"""A run that is interrupted or killed: the same command finishes it, and nothing is lost or there twice.

What finishes it is a client of Spark Connect, so that this tells, too, whether the run is the same there.
"""

import os
import random
import shutil
import time
from pathlib import Path
from tempfile import mkdtemp

import psutil
import pytest
from covid_xray.storage.locks import file_lock

from tests.connect_server import server
from tests.same_tables import differences

# Said when the images are stored, and the network is about to be loaded.
FEATURIZE_HAS_BEGUN = "featurize ResNet50: 0 of 24"
# Of the moments of the long form: KILL_SEED gives others.
SEED = int(os.environ.get("KILL_SEED") or 0)


def family(pid):
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


@pytest.fixture(scope="module")
def output(ran, tmp_path_factory):
    """An output folder that has weights already: drawing them again would only cost time."""
    output = tmp_path_factory.mktemp("killed") / "my output"
    shutil.copytree(ran.output / "weights", output / "weights", copy_function=os.link)
    return output


@pytest.fixture(scope="module")
def type_run(ran, output, type_command):
    """Type the run of `ran` again, into that folder; with one worker, since each loads TensorFlow."""
    options = ("--data", str(ran.data), "--output", str(output), *ran.options)
    return lambda master="local[1]": type_command("run", ran.name, *options, "--master", master)


@pytest.fixture(scope="module")
def interrupted(type_run):
    """The run, interrupted as its network has begun; the seconds until it ended; all of its processes."""
    typed = type_run()
    typed.wait_until_it_says(FEATURIZE_HAS_BEGUN)
    processes = family(typed.process.pid)
    typed.interrupt()
    begun = time.monotonic()
    typed.process.wait(60)
    return typed, time.monotonic() - begun, processes


def test_ctrl_c_ends_a_run_within_10_seconds(interrupted):
    _, seconds, processes = interrupted
    assert seconds < 10
    _, alive = psutil.wait_procs(processes, timeout=10)
    assert alive == []


def test_it_says_what_is_done_and_how_to_go_on(interrupted):
    typed, _, _ = interrupted
    assert typed.process.returncode == 130
    assert "Interrupted; completed: ingest\n" in typed.said()
    assert "the same command resumes from there" in typed.said() and "Traceback" not in typed.said()


@pytest.fixture(scope="module")
def finished(interrupted, output, type_run, short_lived, tmp_path_factory):
    """The same command for Spark Connect, killed, and typed again while another one has the folder.

    What the killed one has asked of the server is still being done there.
    """
    log = tmp_path_factory.mktemp("connect") / "server.log"
    with server("local[1]", log, short_lived) as url:
        killed = type_run(url)
        killed.wait_until_it_says(FEATURIZE_HAS_BEGUN)
        killed.kill()
        with file_lock(output / ".lock", pytest.fail):
            typed = type_run(url)
            typed.wait_until_it_says(f"Another command is writing to {output}: waiting for it to end")
        assert typed.process.wait(300) == 0, typed.said()
    return typed


def test_killed_it_ends_through_spark_connect_with_the_tables_of_an_undisturbed_local_run(
    ran, output, finished
):
    assert list(differences(ran.output, output)) == []


def test_a_command_waits_for_another_one_in_its_folder_and_goes_on_then(finished):
    waited, ended = (finished.said().index(text) for text in ("waiting for it to end", "Report: "))
    assert waited < ended


@pytest.mark.thorough
def test_killed_at_twenty_moments_the_sample_ends_with_the_same_tables(
    ran, type_command, two_networks, tmp_path
):
    draw = random.Random(SEED)
    few = [part for part in ran.options if part not in ("--weights", "random")]

    def type_two(output):
        return type_command("run", "sample", "--output", str(output), *few, program=two_networks)

    begun = time.monotonic()
    clean = type_two(tmp_path / "clean")
    assert clean.process.wait(600) == 0, clean.said()
    whole = time.monotonic() - begun
    kills = 0
    while kills < 20:
        output = Path(mkdtemp(prefix="killed ", dir=tmp_path))
        shutil.copytree(tmp_path / "clean" / "weights", output / "weights", copy_function=os.link)
        ended = None
        while ended is None:
            typed = type_two(output)
            # With all kills done, the last folder is finished in peace.
            wait = draw.uniform(1, whole) if kills < 20 else 600
            try:
                ended = typed.process.wait(wait)
            except Exception:
                typed.kill()
                kills += 1
        assert ended == 0, typed.said()
        found = list(differences(tmp_path / "clean", output))
        assert found == [], f"KILL_SEED={SEED}, {kills} kills"
