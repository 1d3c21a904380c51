"""A standalone Spark cluster on this machine: a master and workers, reachable from this machine alone.

https://spark.apache.org/docs/latest/spark-standalone.html
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import pyspark
from covid_xray.errors import CovidXrayError

_HOST = "127.0.0.1"
_PACKAGE = "org.apache.spark.deploy"
_MASTER_AT = re.compile(r"Starting Spark master at (spark://\S+)")
_REGISTERED = re.compile(r"Successfully registered with master")
_SECONDS_TO_START = 60
_SECONDS_TO_STOP = 20
_FILE = "cluster.json"


@dataclass(frozen=True)
class _State:
    url: str
    pids: list[int]


@dataclass(frozen=True)
class _Started:
    log: Path
    process: subprocess.Popen[bytes]


class ClusterError(CovidXrayError):
    """Raised when a cluster cannot be started or stopped."""


def start(folder: Path, workers: int) -> str:
    """Start a master and workers of one core each; return the master's URL.

    Parameters
    ----------
    folder : Path
        Receives logs and the process ids by which `stop` ends them.
    workers : int
        At least 1.

    Raises
    ------
    ClusterError
        If one runs already, or does not come up; then nothing is left running.
    """
    if workers < 1:
        raise ClusterError(f"a cluster of {workers} workers cannot work: --workers starts at 1")
    if _running(folder):
        raise ClusterError(f"a cluster is running already, at {_state(folder).url}: stop it first")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        master = ["master.Master", "--host", _HOST, "--port", "0", "--webui-port", "0"]
        url = _sign(_launch(folder, "master", master), _MASTER_AT)[1]
        _write_state(folder, url, _state(folder).pids)
        options = ["--host", _HOST, "--cores", "1", "--memory", "2g", "--webui-port", "0"]
        command = ["worker.Worker", *options, "--work-dir", str(folder / "work"), url]
        for started in [_launch(folder, f"worker-{number}", command) for number in range(workers)]:
            _sign(started, _REGISTERED)
    except BaseException:
        stop(folder)
        raise
    return url


def stop(folder: Path) -> int:
    """End what `start` started, workers first; return how many processes that were.

    Raises
    ------
    ClusterError
        If one of them does not end.
    """
    pids = _running(folder)
    for pid in reversed(pids):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    if not _wait(lambda: not any(map(_is_alive, pids)), _SECONDS_TO_STOP):
        raise ClusterError(f"processes {list(filter(_is_alive, pids))} do not end; look into {folder}")
    (folder / _FILE).unlink(missing_ok=True)
    return len(pids)


def _launch(folder: Path, name: str, command: Sequence[str]) -> _Started:
    home = Path(pyspark.__file__).parent
    # SPARK_LOCAL_IP keeps the web pages on loopback too.
    environment = {**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": _HOST}
    # Nobody submits over REST here, and its port is always the same.
    environment["SPARK_MASTER_OPTS"] = "-Dspark.master.rest.enabled=false"
    log = folder / f"{name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603
            [str(home / "bin" / "spark-class"), f"{_PACKAGE}.{command[0]}", *command[1:]],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            # Ctrl-C in the terminal is for the command, not for the cluster.
            start_new_session=True,
        )
    state = _state(folder)
    _write_state(folder, state.url, [*state.pids, process.pid])
    return _Started(log, process)


def _sign(started: _Started, pattern: re.Pattern[str]) -> re.Match[str]:
    """Wait until a process says in its log that it is ready."""

    def said() -> re.Match[str] | None:
        return pattern.search(started.log.read_text(encoding="utf-8", errors="replace"))

    _wait(lambda: said() is not None or started.process.poll() is not None, _SECONDS_TO_START)
    found = said()
    if found is None:
        raise ClusterError(f"the cluster did not come up; what Spark says of it is in {started.log}")
    return found


def _running(folder: Path) -> list[int]:
    """Return the processes that are still those which `start` started: ids are used again by others."""
    return [pid for pid in _state(folder).pids if _PACKAGE in _seen(pid)[1]]


def _is_alive(pid: int) -> bool:
    """Tell whether a process still holds its ports: it loses its command line before them."""
    return _seen(pid)[0]


def _seen(pid: int) -> tuple[bool, str]:
    """Return whether there is such a process, and its command line."""
    proc = Path("/proc")
    if not proc.is_dir():
        asked = ["ps", "-p", str(pid), "-o", "stat=,args="]
        found = subprocess.run(asked, capture_output=True, text=True, check=False).stdout  # noqa: S603
        state, _, command = found.strip().partition(" ")
        return bool(state) and not state.startswith("Z"), command
    try:
        stat, command = ((proc / str(pid) / name).read_text(errors="replace") for name in ("stat", "cmdline"))
    except OSError:
        return False, ""
    # One that nobody has waited for stays in the list, with its first thread alone.
    state, *numbers = stat.rpartition(")")[2].split()
    return state != "Z" or int(numbers[16]) > 1, command


def _state(folder: Path) -> _State:
    file = folder / _FILE
    return _State(**json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else _State("", [])


def _write_state(folder: Path, url: str, pids: list[int]) -> None:
    (folder / _FILE).write_text(json.dumps({"url": url, "pids": pids}), encoding="utf-8")


def _wait(true: Callable[[], bool], seconds: float) -> bool:
    end = monotonic() + seconds
    while monotonic() < end:
        if true():
            return True
        sleep(0.1)
    return true()
