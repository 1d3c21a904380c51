"""Run a decoder in a copy of this process: a damaged codestream may end the process that decodes it."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
from collections.abc import Callable
from io import StringIO
from tempfile import TemporaryFile

# A picture of the greatest accepted size takes a few seconds.
_SECONDS = 60


def isolated(work: Callable[[], bytes]) -> bytes | None:
    """Call `work` in a copy of this process, and return its result.

    Returns
    -------
    bytes or None
        None if the copy raised an error, crashed, took longer than a minute, or if a library complained of
        the data on standard error, as those do that go on after damage.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _run(work, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as results:
        result = results.read()
    _, status = os.waitpid(child, 0)
    return result if status == 0 else None


def _run(work: Callable[[], bytes], writer: int) -> None:
    """Write the result and end the process, without the exit handlers of the one that it is a copy of."""
    try:
        signal.alarm(_SECONDS)
        # A crash is expected, and nobody's to see.
        faulthandler.disable()
        # Warnings of Python's own are no complaints.
        sys.stderr = sys.stdout = StringIO()
        with TemporaryFile() as complaints:
            os.dup2(complaints.fileno(), 1)
            os.dup2(complaints.fileno(), 2)
            result = work()
            complained = complaints.seek(0, os.SEEK_END) > 0
        with os.fdopen(writer, "wb") as results:
            results.write(result)
        if complained:
            os._exit(1)
    except BaseException:
        os._exit(1)
    os._exit(0)
