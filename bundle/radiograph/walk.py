"""Find the files of class folders, or of all folders, and never follow a link out of the given folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from radiograph.reasons import Reason, Refused

# Files of file managers; hidden names are skipped as well.
_IGNORED_NAMES = ("thumbs.db", "desktop.ini")


class FolderError(ValueError):
    """Raised when the folder of X-rays or one of its class folders is missing."""


@dataclass(frozen=True)
class Found:
    """A file below a class folder.

    Attributes
    ----------
    path : str
        Relative to the root, `<Class>/<file>`, with forward slashes.
    label : str
        Name of the class folder.
    file : Path
        The path to open.
    refused : Refused or None
        Why it must not be opened, or None.
    """

    path: str
    label: str
    file: Path
    refused: Refused | None = None


def walk(root: Path, classes: Sequence[str]) -> Iterator[Found]:
    """Return the files of the class folders, sorted by path within each class.

    Raises
    ------
    FolderError
        If `root` or a class folder is missing.
    """
    folders = {entry.name: entry for entry in _folders(root)}
    _check_classes(root, classes, sorted(folders))
    boundary = root.resolve()
    for label in sorted(classes):
        found = _walk_entry(folders[label], root, root, label, boundary)
        yield from sorted(found, key=lambda entry: entry.path)


def walk_all(root: Path) -> Iterator[Found]:
    """Return all files below `root`, in folders of any name, sorted by path; `label` is empty.

    Raises
    ------
    FolderError
        If `root` is missing or cannot be listed.
    """
    entries = _list_root(root)
    boundary = root.resolve()
    found = (one for entry in entries for one in _walk_entry(entry, boundary, boundary, "", boundary))
    yield from sorted(found, key=lambda entry: entry.path)


def walk_listed(root: Path, paths: Iterable[str]) -> Iterator[Found]:
    """Return the files that something else has listed as `walk_all` finds them, sorted by path.

    A file below a link to a folder stands for that link, and one that is gone is refused.

    Parameters
    ----------
    paths : iterable of str
        Relative to `root`, with forward slashes.
    """
    boundary = root.resolve()
    # Of all files below a link to a folder, the link is found once.
    kept = {_first_link(boundary, path) for path in paths if not any(map(_is_ignored, path.split("/")))}
    for file in sorted(kept, key=lambda file: file.relative_to(boundary).as_posix()):
        gone = None if os.path.lexists(file) else Refused(Reason.unreadable, "it is no longer there")
        yield _found(file, boundary, "", gone or _refusal(file, file, boundary))


def class_folders(root: Path) -> list[str]:
    """Return the names of the folders in `root` that are not hidden, sorted.

    Raises
    ------
    FolderError
        If `root` is missing or cannot be listed.
    """
    return [entry.name for entry in _folders(root)]


def other_folders(root: Path, classes: Sequence[str]) -> list[str]:
    """Return the names of the folders in `root` that are not class folders."""
    return [name for name in class_folders(root) if name not in classes]


def _folders(root: Path) -> list[os.DirEntry[str]]:
    return [entry for entry in _list_root(root) if _is_folder(entry)]


def _list_root(root: Path) -> list[os.DirEntry[str]]:
    if not root.is_dir():
        raise FolderError(f"there is no folder {root}")
    try:
        return _entries(root)
    except OSError as error:
        raise FolderError(f"{root} cannot be listed: {error.strerror}") from None


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """Return the entries of a folder, sorted. An entry holds its own type, which saves a stat() per file."""
    entries = (entry for entry in os.scandir(folder) if not _is_ignored(entry.name))
    return sorted(entries, key=lambda entry: entry.name)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        # A circular link, or one to a place without permission.
        return False


def _check_classes(root: Path, classes: Sequence[str], present: Sequence[str]) -> None:
    missing = [name for name in classes if name not in present]
    if missing:
        found = f"it has {', '.join(present)}" if present else "it has no folders"
        raise FolderError(
            f"{root} has no class folder {missing[0]} ({found}); put one folder per class in it"
        )


def _walk_entry(
    entry: os.DirEntry[str], folder: Path, root: Path, label: str, boundary: Path
) -> Iterator[Found]:
    path = folder / entry.name
    # A link to a folder is not followed: it may be circular, and files inside `root` are found anyway.
    if entry.is_dir(follow_symlinks=False):
        yield from _walk_folder(path, root, label, boundary)
    else:
        yield _found(path, root, label, _refusal(entry, path, boundary))


def _walk_folder(folder: Path, root: Path, label: str, boundary: Path) -> Iterator[Found]:
    try:
        entries = _entries(folder)
    except OSError as error:
        yield _found(folder, root, label, Refused(Reason.unreadable, f"folder: {error.strerror}"))
        return
    for entry in entries:
        yield from _walk_entry(entry, folder, root, label, boundary)


def _found(file: Path, root: Path, label: str, refusal: Refused | None) -> Found:
    path = file.relative_to(root).as_posix()
    printable = os.fsencode(path).decode("utf-8", "backslashreplace")
    if printable != path and refusal is None:
        # Neither a table nor a CSV file could hold the name.
        refusal = Refused(Reason.unreadable, "the file's name is not UTF-8")
    return Found(printable, label, file, refusal)


def _first_link(root: Path, path: str) -> Path:
    """Return the topmost link on the way to a file, else the file."""
    file = root
    for name in path.split("/"):
        file /= name
        if file.is_symlink():
            break
    return file


def _refusal(entry: os.DirEntry[str] | Path, path: Path, boundary: Path) -> Refused | None:
    if entry.is_symlink():
        return _refusal_of_link(path, boundary)
    if not entry.is_file():
        return Refused(Reason.unreadable, "not a regular file")
    return None


def _refusal_of_link(path: Path, boundary: Path) -> Refused | None:
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return Refused(Reason.unreadable, "a broken link")
    if not target.is_relative_to(boundary):
        return Refused(Reason.outside_root, "a link to outside the folder")
    if target.is_dir():
        return Refused(Reason.unreadable, "a link to a folder")
    if not target.is_file():
        return Refused(Reason.unreadable, "not a regular file")
    return None


def _is_ignored(name: str) -> bool:
    return name.startswith(".") or name.lower() in _IGNORED_NAMES
