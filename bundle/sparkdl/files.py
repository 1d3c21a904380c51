"""Atomic writes: a reader sees the old file or the new one, as far as the file system can do that."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

_RENAME_UNSUPPORTED = (errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)


def atomic_write(path: Path, write: Callable[[Path], object]) -> None:
    """Call `write` with a temporary path in the same folder, and rename the result to `path`.

    Where the file system cannot rename, as on a volume of a workspace, `write` is called a second time,
    with `path` itself. That write is not atomic: a reader may see part of the file, and so may everyone if
    it fails.
    """
    if not _write_and_rename(path, write):
        write(path)


def _write_and_rename(path: Path, write: Callable[[Path], object]) -> bool:
    """Return whether the file system could rename."""
    temporary = path.with_name(f".{uuid4().hex}.part")
    try:
        write(temporary)
        return _rename(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _rename(source: Path, target: Path) -> bool:
    try:
        source.replace(target)
    except OSError as error:
        if error.errno in _RENAME_UNSUPPORTED:
            return False
        raise
    return True
