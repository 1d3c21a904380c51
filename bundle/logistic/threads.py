"""Keep BLAS to one thread: in small products its threads wait for each other longer than they compute."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from threadpoolctl import threadpool_limits

_lock = Lock()
_limits: list[threadpool_limits] = []
_users = 0


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold the limit while any thread is in here: it is the whole process's, and the first and last count."""
    global _users
    with _lock:
        _users += 1
        if _users == 1:
            _limits.append(threadpool_limits(limits=1, user_api="blas"))
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                _limits.pop().restore_original_limits()
