"""A standalone Spark cluster on this machine: a master and workers that listen on loopback only.

https://spark.apache.org/docs/latest/spark-standalone.html
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import monotonic, sleep

import psutil
import pyspark
from covid_xray.errors import CovidXrayError
from sparkdl.files import atomic_write

_HOST = "127.0.0.1"
_PACKAGE = "org.apache.spark.deploy"
_MASTER_AT = re.compile(r"Starting Spark master at (spark://\S+)")
_REGISTERED = re.compile(r"Successfully registered with master")
_SECONDS_TO_START = 60
_SECONDS_TO_STOP = 20
# The system's clock ticks a hundred times a second, and its time of boot is a whole number of seconds.
_SAME_START_SECONDS = 2
_FILE = "cluster.json"


@dataclass(frozen=True)
class _Member:
    """A process of the cluster: its id, and when it began, by which it differs from a later one with this id.

    `started` is in seconds since the machine booted, which changes of the clock do not move.
    """

    pid: int
    started: float

    @classmethod
    def of(cls, process: psutil.Process) -> _Member:
        return cls(process.pid, process.create_time() - psutil.boot_time())


@dataclass(frozen=True)
class _State:
    url: str = ""
    members: tuple[_Member, ...] = ()


@dataclass(frozen=True)
class _Launched:
    log: Path
    process: subprocess.Popen[bytes]


class ClusterError(CovidXrayError):
    """Raised when a cluster cannot be started or stopped."""


def start(folder: Path, workers: int) -> str:
    """Start a master and workers of one core each; return the master's URL.

    Parameters
    ----------
    folder : Path
        Receives the logs, and the record of the processes that `stop` ends.
    workers : int
        At least 1.

    Raises
    ------
    ClusterError
        If a cluster is already running, or if this one does not start; then nothing is left running.
    """
    if workers < 1:
        raise ClusterError(f"--workers {workers}: a cluster needs at least 1 worker")
    if _running(folder):
        raise ClusterError(f"a cluster is already running at {_state(folder).url}: stop it first")
    folder.mkdir(parents=True, exist_ok=True)
    _write_state(folder, _State())
    try:
        master = ["master.Master", "--host", _HOST, "--port", "0", "--webui-port", "0"]
        url = _wait_for_line(_launch(folder, "master", master), _MASTER_AT)[1]
        _write_state(folder, replace(_state(folder), url=url))
        options = ["--host", _HOST, "--cores", "1", "--memory", "2g", "--webui-port", "0"]
        command = ["worker.Worker", *options, "--work-dir", str(folder / "work"), url]
        for launched in [_launch(folder, f"worker-{number}", command) for number in range(workers)]:
            _wait_for_line(launched, _REGISTERED)
    except BaseException:
        stop(folder)
        raise
    return url


def stop(folder: Path) -> int:
    """End the processes that `start` started, workers first; return how many were running.

    Raises
    ------
    ClusterError
        If one of them does not end.
    """
    processes = _running(folder)
    for process in reversed(processes):
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    if not _wait_until(lambda: not any(map(_is_alive, processes)), _SECONDS_TO_STOP):
        pids = [process.pid for process in processes if _is_alive(process)]
        raise ClusterError(
            f"processes {pids} do not end: see the logs in {folder}, and end them with kill -9"
        )
    (folder / _FILE).unlink(missing_ok=True)
    return len(processes)


def _launch(folder: Path, name: str, command: Sequence[str]) -> _Launched:
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
    member = _Member.of(psutil.Process(process.pid))
    _write_state(folder, replace(state, members=(*state.members, member)))
    return _Launched(log, process)


def _wait_for_line(launched: _Launched, pattern: re.Pattern[str]) -> re.Match[str]:
    """Wait until a process writes a line into its log that says that it is ready."""

    def found() -> re.Match[str] | None:
        return pattern.search(launched.log.read_text(encoding="utf-8", errors="replace"))

    _wait_until(lambda: found() is not None or launched.process.poll() is not None, _SECONDS_TO_START)
    line = found()
    if line is None:
        raise ClusterError(f"the cluster did not start: see what Spark writes in {launched.log}")
    return line


def _running(folder: Path) -> list[psutil.Process]:
    """Return the processes of the cluster that are still alive, in the order of their start."""
    return [process for member in _state(folder).members if (process := _process(member)) is not None]


def _process(member: _Member) -> psutil.Process | None:
    """Return the process of a member; None if it has ended, even if another process has its id now."""
    try:
        process = psutil.Process(member.pid)
        same = abs(_Member.of(process).started - member.started) < _SAME_START_SECONDS
    except psutil.NoSuchProcess:
        return None
    return process if same and _is_alive(process) else None


def _is_alive(process: psutil.Process) -> bool:
    """Tell whether a process may still hold its ports.

    A zombie with more than one thread does: its first thread has ended, the others have not.
    """
    try:
        return process.status() != psutil.STATUS_ZOMBIE or process.num_threads() > 1
    except psutil.NoSuchProcess:
        return False


def _state(folder: Path) -> _State:
    file = folder / _FILE
    if not file.is_file():
        return _State()
    stored = json.loads(file.read_text(encoding="utf-8"))
    return _State(stored["url"], tuple(_Member(**member) for member in stored["members"]))


def _write_state(folder: Path, state: _State) -> None:
    text = json.dumps(asdict(state))
    atomic_write(folder / _FILE, lambda place: place.write_text(text, encoding="utf-8"))


def _wait_until(true: Callable[[], bool], seconds: float) -> bool:
    end = monotonic() + seconds
    while monotonic() < end:
        if true():
            return True
        sleep(0.1)
    return true()
