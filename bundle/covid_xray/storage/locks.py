"""Writers beside one another: those on one machine take turns; a commit that lost a race is tried again."""

from __future__ import annotations

import fcntl
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import IO

# Conditions of Delta's for a commit that another one came before:
# https://docs.delta.io/latest/concurrency-control.html
_CONFLICT = re.compile(r"DELTA_(CONCURRENT_[A-Z_]+|METADATA_CHANGED|PROTOCOL_CHANGED)")
_ATTEMPTS = 10
_LONGEST_PAUSE = 10.0


def again_after_conflicts(write: Callable[[], object], pause: Callable[[float], object] = time.sleep) -> None:
    """Call `write` until it meets no conflict; what it writes must not depend on how often it is called.

    Raises
    ------
    Exception
        Any other error of `write` at once, and the last conflict of ten.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            write()
            return
        except Exception as error:
            if attempt == _ATTEMPTS or not _CONFLICT.search(str(error)):
                raise
        # By chance, or those who met once would meet again.
        pause(random.uniform(0.5, 1) * min(0.2 * 2**attempt, _LONGEST_PAUSE))  # noqa: S311


@contextmanager
def turn_at(file: Path, waiting: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Hold a lock that threads of this process share, and for which other processes wait.

    It ends with the process, however that ends. Delta needs it on a local disk, where a commit first looks
    whether its name is free and then takes it: two processes may find the same one free.

    Parameters
    ----------
    waiting
        Called once if another process has the lock.
    """
    lock = _lock(file)
    lock.take(waiting)
    try:
        yield
    finally:
        lock.give_back()


class _SharedLock:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._guard = Lock()
        self._holders = 0
        self._open: IO[bytes] | None = None

    def take(self, waiting: Callable[[], object]) -> None:
        # Whoever waits for another process keeps the guard: nobody in this one has anything to give back.
        with self._guard:
            if self._open is None:
                self._open = self._locked(waiting)
            self._holders += 1

    def give_back(self) -> None:
        with self._guard:
            self._holders -= 1
            if self._open is not None and not self._holders:
                self._open.close()
                self._open = None

    def _locked(self, waiting: Callable[[], object]) -> IO[bytes]:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        file = self._file.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        return file


@cache
def _lock(file: Path) -> _SharedLock:
    return _SharedLock(file)
