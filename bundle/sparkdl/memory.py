"""Keep a Python worker small: load TensorFlow without packages that no network uses, return unused memory.

A worker may have no more than 1 GB on serverless compute, and TensorFlow takes most of it.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_MADV_DONTNEED = 4


@contextmanager
def hide_packages(names: Sequence[str]) -> Iterator[None]:
    """Make imports of these packages fail inside the block, except of those that are loaded already."""
    hidden = [name for name in names if name not in sys.modules]
    try:
        for name in hidden:
            sys.modules[name] = None  # type: ignore[assignment]
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def release_memory() -> None:
    """Return unused memory to Linux: free heap, and clean pages of shared libraries.

    Starting TensorFlow touches half of its libraries' pages once. A page that is needed again is read from
    its file again.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)
    for start, end in _clean_library_mappings():
        libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _MADV_DONTNEED)


def _clean_library_mappings() -> Iterator[tuple[int, int]]:
    """Yield the address ranges of shared libraries that are mapped read-only and were never modified."""
    try:
        lines = Path("/proc/self/smaps").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    addresses, is_library = "", False
    for line in lines:
        name, *values = line.split(maxsplit=5)
        if not name.endswith(":"):
            addresses, is_library = name, "w" not in values[0] and ".so" in values[-1]
        elif name == "Anonymous:" and values[0] == "0" and is_library:
            start, end = (int(address, 16) for address in addresses.split("-"))
            yield start, end
