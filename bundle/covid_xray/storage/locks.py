"""Concurrent writers: a lock between processes of one machine, and a retry after Delta's write conflicts."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from filelock import FileLock, Timeout

# Error conditions with which Delta refuses a commit because another one came first:
# https://docs.delta.io/latest/concurrency-control.html
_CONFLICT = re.compile(r"DELTA_(CONCURRENT_[A-Z_]+|METADATA_CHANGED|PROTOCOL_CHANGED)")
_ATTEMPTS = 10
_LONGEST_PAUSE = 10.0
# Between two looks at a lock that another process holds. A commit takes some tenths of a second.
_POLL_SECONDS = 0.02

_locks: dict[Path, _SharedLock] = {}
_locks_guard = Lock()


def retry_on_conflict(write: Callable[[], object], pause: Callable[[float], object] = time.sleep) -> None:
    """Call `write` until it meets no write conflict, up to ten times.

    Parameters
    ----------
    write : callable
        Must leave the same result however often it is called.
    pause : callable
        Waits for the given number of seconds, 0.2 to 10, before the next attempt.

    Raises
    ------
    Exception
        Any other error of `write` at once, and the conflict of the tenth attempt.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            write()
            return
        except Exception as error:
            if attempt == _ATTEMPTS or not _CONFLICT.search(str(error)):
                raise
        # A random pause: two writers that wait equally long would meet again.
        pause(random.uniform(0.5, 1) * min(0.2 * 2**attempt, _LONGEST_PAUSE))  # noqa: S311


@contextmanager
def file_lock(file: Path, waiting: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Hold a lock that the threads of this process share and that excludes other processes.

    The lock ends with the process, however that ends. Delta needs it on a local disk, where a commit first
    checks that the name of its log entry is free and then takes it: two processes may both find it free.

    Where the file system has no `flock`, filelock 4 warns and uses a marker file, which a killed process
    leaves behind until the next one on the same machine takes it over; earlier versions raise an error.

    Parameters
    ----------
    file : Path
        Made, with its folders, where it is missing.
    waiting : callable
        Called once if another process holds the lock.
    """
    lock = _shared_lock(file)
    lock.acquire(waiting)
    try:
        yield
    finally:
        lock.release()


class _SharedLock:
    """filelock's lock behind a guard.

    filelock counts the holders, but early versions do so without a guard, and a thread that asks any version
    without waiting cannot tell another process from a thread of its own that is just acquiring the lock.
    """

    def __init__(self, file: Path) -> None:
        self._lock = FileLock(file, thread_local=False)
        self._guard = Lock()

    def acquire(self, waiting: Callable[[], object]) -> None:
        # Whoever waits for another process keeps the guard: no thread of this one has a lock to release.
        with self._guard:
            try:
                self._lock.acquire(blocking=False)
            except Timeout:
                waiting()
                self._lock.acquire(poll_interval=_POLL_SECONDS)

    def release(self) -> None:
        with self._guard:
            self._lock.release()


def _shared_lock(file: Path) -> _SharedLock:
    with _locks_guard:
        if file not in _locks:
            _locks[file] = _SharedLock(file)
        return _locks[file]
