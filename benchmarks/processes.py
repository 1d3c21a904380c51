"""Run measurements in separate processes, so that they share neither caches nor memory."""

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

# Seconds between samples, and maximum share of a core: sampling takes 10 ms per GB of the process.
_INTERVAL, _MAX_SHARE = 0.5, 0.05


def in_new_process(function: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Call `function` in a new process; return its result."""
    with _new_process() as pool:
        return pool.submit(_call, function, args, kwargs).result()


def in_measured_process(
    function: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs
) -> tuple[_T, float]:
    """Call `function` in a new process; return its result and the peak memory in GB, children included."""
    with _new_process() as pool:
        pid = pool.submit(os.getpid).result()
        with peak_memory(pid) as peak:
            result = pool.submit(_call, function, args, kwargs).result()
        own_peak = _peak_of(pid) / 1e9
    return result, max(peak(), own_peak)


def _new_process() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


def _call(function: Callable[..., _T], args: tuple[object, ...], kwargs: dict[str, object]) -> _T:
    try:
        return function(*args, **kwargs)
    except Exception:
        # Spark's exceptions refer to the session, which cannot be pickled.
        raise RuntimeError(f"{function.__name__} failed:\n{traceback.format_exc()}") from None


@contextmanager
def peak_memory(pid: int) -> Iterator[Callable[[], float]]:
    """Sample the memory of a process and its children; yield a function that returns the peak sum in GB.

    Pages shared by several processes count once (Linux's proportional set size), since Spark forks its Python
    workers from one another.
    """
    root = psutil.Process(pid)
    with _sampled(lambda: sum(map(_size, _process_tree(root))) / 1e9) as peak:
        yield peak


@contextmanager
def peak_of_workers(pid: int) -> Iterator[Callable[[], float]]:
    """Sample Spark's Python workers below a process; yield a function that returns the peak of one worker.

    In MB of 1,024 kB, as recorded by Linux (VmHWM): shared memory, such as library code and pages of the
    process that the worker was forked from, counts in full.
    """
    root = psutil.Process(pid)
    with _sampled(lambda: max(map(_peak_of, _workers(root)), default=0) / 2**20) as peak:
        yield peak


@contextmanager
def _sampled(sample: Callable[[], float]) -> Iterator[Callable[[], float]]:
    """Sample at the start, repeatedly, and at the end; yield a function that returns the maximum so far."""
    peak, finished = [sample()], Event()

    def sample_repeatedly() -> None:
        pause = _INTERVAL
        while not finished.wait(pause):
            start = time.monotonic()
            peak[0] = max(peak[0], sample())
            pause = max(_INTERVAL, (time.monotonic() - start) / _MAX_SHARE)

    sampler = Thread(target=sample_repeatedly, daemon=True)
    sampler.start()
    try:
        yield lambda: peak[0]
    finally:
        finished.set()
        sampler.join()
        peak[0] = max(peak[0], sample())


def _peak_of(pid: int) -> int:
    """Return the peak memory of a process in bytes as recorded by Linux; sampling can miss short peaks."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        # The process has ended, or this is not Linux.
        return 0
    # A zombie process has no such line.
    return sum(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


def _workers(root: psutil.Process) -> list[int]:
    return [process.pid for process in _process_tree(root) if "pyspark.daemon" in _command(process)]


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def _process_tree(root: psutil.Process) -> list[psutil.Process]:
    try:
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _size(process: psutil.Process) -> int:
    try:
        memory = process.memory_full_info()
    except psutil.Error:
        # The process has ended.
        return 0
    return int(getattr(memory, "pss", 0) or memory.uss)


def seconds(call: Callable[[], object]) -> float:
    """Return the duration of a call in seconds."""
    start = time.monotonic()
    call()
    return time.monotonic() - start
