"""Runs typed as a person types them, in a process group of their own that can be killed whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.another_shell import ANOTHER_SHELL

_JOBS = ("-m", "jobs.local")
_TWO = """
import sys
from jobs.local import __main__ as local, request
request.PUBLISHED = ("ResNet50", "VGG16")
local.end(local.main(sys.argv[1:]))
"""


@dataclass(frozen=True)
class Typed:
    """A command under way; what it prints goes to `log`."""

    process: subprocess.Popen[bytes]
    log: Path

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def wait_until_it_says(self, text: str, seconds: float = 120) -> None:
        end = time.monotonic() + seconds
        while text not in self.said():
            assert self.process.poll() is None and time.monotonic() < end, self.said()
            time.sleep(0.1)

    def interrupt(self) -> None:
        """Press Ctrl-C: the signal reaches every process in the foreground."""
        os.killpg(self.process.pid, signal.SIGINT)

    def kill(self) -> None:
        """End all of it at once, as a machine does that loses its power."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="module")
def type_command(
    short_lived: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Typed]]:
    """Type `jobs.local` with arguments; what is under way at the end of the tests is killed.

    It is typed in a folder of its own, which must stay empty, in a shell with variables for other work.
    """
    folder, here = tmp_path_factory.mktemp("typed"), tmp_path_factory.mktemp("typed here")
    (folder / "keras.json").write_text('{"floatx": "float16", "image_data_format": "channels_first"}')
    # What is killed cannot remove its temporary files.
    places = {name: str(folder) for name in ("TMPDIR", "SPARK_LOCAL_DIRS", "KERAS_HOME")}
    environment = os.environ | ANOTHER_SHELL | short_lived | places
    environment["JAVA_TOOL_OPTIONS"] += f" -Djava.io.tmpdir={folder}"
    started: list[Typed] = []

    def start(*arguments: str, program: tuple[str, ...] = _JOBS) -> Typed:
        log = folder / f"{len(started)}.log"
        # Only jobs.local itself starts Python again without the variables that are Python's.
        for_python = [] if program == _JOBS else [name for name in ANOTHER_SHELL if name[:6] == "PYTHON"]
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, *program, *arguments],
                cwd=here,
                env={name: value for name, value in environment.items() if name not in for_python},
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started.append(Typed(process, log))
        return started[-1]

    yield start
    for typed in started:
        typed.kill()
    assert list(here.iterdir()) == []


@pytest.fixture(scope="session")
def two_networks() -> tuple[str, ...]:
    """The program of `jobs.local` with two networks in place of five: they show as well what becomes of one
    when another fails."""
    return ("-c", _TWO)
