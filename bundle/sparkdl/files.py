"""Files that are seen whole or not at all, as far as the file system can do that."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

_CANNOT = (errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Have `write` write to a path beside `path`, which then takes the place of what was there.

    Where files cannot be renamed, as on a volume of a workspace, `write` is called once more, with `path`
    itself: whoever looks meanwhile, or after it has failed, may see a part of the file.
    """
    if not _written_beside(path, write):
        write(path)


def _written_beside(path: Path, write: Callable[[Path], object]) -> bool:
    part = path.with_name(f".{uuid4().hex}.{path.name}")
    try:
        write(part)
        return _renamed(part, path)
    finally:
        part.unlink(missing_ok=True)


def _renamed(part: Path, path: Path) -> bool:
    try:
        part.replace(path)
    except OSError as error:
        if error.errno in _CANNOT:
            return False
        raise
    return True
