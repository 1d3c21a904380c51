"""A cluster on this machine, and a run typed again for another master."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jobs.local.cluster import start, stop


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the cluster keeps its logs and process ids."""
    return tmp_path_factory.mktemp("my cluster")


@pytest.fixture(scope="package")
def master(folder: Path) -> Iterator[str]:
    """A standalone cluster of two workers."""
    yield start(folder, workers=2)
    stop(folder)


@pytest.fixture(scope="session")
def type_run(root, short_lived) -> Callable[..., None]:
    """Type a run in a process of its own."""

    def run(name: str, output: Path, *options: str) -> None:
        command = [sys.executable, "-m", "jobs.local", "run", name, "--output", str(output), *options]
        done = subprocess.run(command, cwd=root, env=os.environ | short_lived, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    return run


@pytest.fixture(scope="session")
def type_again(ran, type_run, tmp_path_factory) -> Callable[[str], Path]:
    """Type the run of `ran` with --master; its output comes back."""

    def run(master: str) -> Path:
        output = tmp_path_factory.mktemp("there") / "my output"
        # Drawing them again would only cost time.
        shutil.copytree(ran.output / "weights", output / "weights", copy_function=os.link)
        type_run(ran.name, output, "--data", str(ran.data), *ran.options, "--master", master)
        return output

    return run
