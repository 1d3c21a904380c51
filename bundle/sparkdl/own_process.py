"""Run a module of this package in a process of its own.

TensorFlow would otherwise take half a gigabyte of the driver's memory for as long as the driver lives.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sparkdl.errors import SparkdlError

# Exit code of a module whose error is the last line on standard error.
EXIT_ERROR = 3


def run_module(name: str, arguments: Sequence[str], error: type[SparkdlError]) -> str:
    """Run `python -m name` and return what it prints on standard output.

    Raises
    ------
    SparkdlError
        `error`, if the module ends with `EXIT_ERROR`.
    RuntimeError
        If it failed in any other way, with the last line of its output.
    """
    # The child finds packages where this process does; a notebook may have extended sys.path.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path)}
    process = subprocess.run(  # noqa: S603 - our own module and arguments
        [sys.executable, "-m", name, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    last_line = process.stderr.strip().rsplit("\n", 1)[-1]
    if process.returncode == EXIT_ERROR:
        raise error(last_line)
    if process.returncode:
        raise RuntimeError(
            f"{name} {' '.join(arguments)} failed with exit code {process.returncode}: {last_line}"
        )
    return process.stdout
