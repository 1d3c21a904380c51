"""Keep off the terminal what libraries in C write there by themselves, past any setting of Python's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silent_decoders() -> Iterator[None]:
    """Let nothing through to standard error.

    libtiff tells there what is wrong with a damaged file, which the reason of its refusal says as well.
    """
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)
