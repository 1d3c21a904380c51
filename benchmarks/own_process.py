"""Run one measurement in a process of its own, so that none warms up, or fills, another's."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from threading import Event, Thread
from typing import ParamSpec, TypeVar

import psutil

_P = ParamSpec("_P")
_T = TypeVar("_T")

# Looking at a process takes 10 ms a GB: never more than a twentieth of the time of a core.
_INTERVAL, _SHARE = 0.5, 0.05


def in_own_process(function: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Call `function` in a new process; return its result."""
    with _new_process() as pool:
        return pool.submit(_call, function, args, kwargs).result()


def in_watched_process(
    function: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs
) -> tuple[_T, float]:
    """Do the same, and return the process's peak memory in GB too, children included."""
    with _new_process() as pool:
        pid = pool.submit(os.getpid).result()
        with peak_memory(pid) as peak:
            result = pool.submit(_call, function, args, kwargs).result()
        own = _highest(pid) / 1e9
    return result, max(peak(), own)


def _new_process() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


def _call(function: Callable[..., _T], args: tuple[object, ...], kwargs: dict[str, object]) -> _T:
    try:
        return function(*args, **kwargs)
    except Exception:
        # Spark's own exceptions hold parts of its session, which do not get through to the other process.
        raise RuntimeError(f"{function.__name__} failed:\n{traceback.format_exc()}") from None


@contextmanager
def peak_memory(pid: int) -> Iterator[Callable[[], float]]:
    """Watch a process and its children; what is yielded returns the highest sum seen so far, in GB.

    A page that several processes share counts once (Linux's proportional set size): Spark forks its Python
    workers from one another.
    """
    root = psutil.Process(pid)
    with _watched(lambda: sum(map(_size, _family(root))) / 1e9) as highest:
        yield highest


@contextmanager
def peak_of_workers(pid: int) -> Iterator[Callable[[], float]]:
    """Watch Spark's Python workers below a process; what is yielded returns the highest peak of one.

    In MB of 1,024 kB, as Linux keeps it (VmHWM): what a worker shares with others, as the code of libraries
    and what the process that it was forked from had in memory, counts in full.
    """
    root = psutil.Process(pid)
    with _watched(lambda: max(map(_highest, _workers(root)), default=0) / 2**20) as highest:
        yield highest


@contextmanager
def _watched(look: Callable[[], float]) -> Iterator[Callable[[], float]]:
    """Look again and again, and once at the end; what is yielded returns the highest that was seen."""
    highest, over = [0.0], Event()

    def watch() -> None:
        pause = _INTERVAL
        while not over.wait(pause):
            begun = time.monotonic()
            highest[0] = max(highest[0], look())
            pause = max(_INTERVAL, (time.monotonic() - begun) / _SHARE)

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield lambda: highest[0]
    finally:
        over.set()
        watcher.join()
        highest[0] = max(highest[0], look())


def _highest(pid: int) -> int:
    """Return the peak of a process as Linux keeps it, in bytes: who looks now and then misses a short one."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        # It has ended since, or this is not Linux.
        return 0
    # One that has ended, but is not yet forgotten, has no such line.
    return sum(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


def _workers(root: psutil.Process) -> list[int]:
    return [process.pid for process in _family(root) if "pyspark.daemon" in _command(process)]


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def _family(root: psutil.Process) -> list[psutil.Process]:
    try:
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _size(process: psutil.Process) -> int:
    try:
        memory = process.memory_full_info()
    except psutil.Error:
        # It has ended since.
        return 0
    return int(getattr(memory, "pss", 0) or memory.uss)


def seconds(call: Callable[[], object]) -> float:
    """Return how long a call takes."""
    begun = time.monotonic()
    call()
    return time.monotonic() - begun
