"""Find the files of class folders, or of any, never outside of the folder that was given."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from radiograph.reasons import Reason, Refused

# What file managers leave behind; hidden names are skipped as well.
_LITTER = ("thumbs.db", "desktop.ini")


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
        Where it is.
    refused : Refused or None
        Why it must not be opened.
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
    _check(root, classes, sorted(folders))
    inside = root.resolve()
    for label in sorted(classes):
        found = _of_entry(folders[label], root, root, label, inside)
        yield from sorted(found, key=lambda entry: entry.path)


def walk_all(root: Path) -> Iterator[Found]:
    """Return all files below `root`, whatever their folders are called, sorted by path; `label` is empty.

    Raises
    ------
    FolderError
        If `root` is missing or cannot be listed.
    """
    entries = _listed(root)
    inside = root.resolve()
    found = (one for entry in entries for one in _of_entry(entry, inside, inside, "", inside))
    yield from sorted(found, key=lambda entry: entry.path)


def class_folders(root: Path) -> list[str]:
    """Return the names of the folders in `root` that are not hidden, sorted.

    Raises
    ------
    FolderError
        If `root` is missing or cannot be listed.
    """
    return [entry.name for entry in _folders(root)]


def other_folders(root: Path, classes: Sequence[str]) -> list[str]:
    """Return the folders beside the class folders."""
    return [name for name in class_folders(root) if name not in classes]


def _folders(root: Path) -> list[os.DirEntry[str]]:
    return [entry for entry in _listed(root) if _is_folder(entry)]


def _listed(root: Path) -> list[os.DirEntry[str]]:
    if not root.is_dir():
        raise FolderError(f"there is no folder {root}")
    try:
        return _entries(root)
    except OSError as error:
        raise FolderError(f"{root} cannot be listed: {error.strerror}") from None


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """Return what is in a folder, sorted; an entry knows what it is, so that no file is asked about."""
    entries = (entry for entry in os.scandir(folder) if not _is_litter(entry.name))
    return sorted(entries, key=lambda entry: entry.name)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        # A link in a circle, or to where nobody may look.
        return False


def _check(root: Path, classes: Sequence[str], there: Sequence[str]) -> None:
    missing = [name for name in classes if name not in there]
    if missing:
        found = f"it has {', '.join(there)}" if there else "it has no folders"
        raise FolderError(
            f"{root} has no class folder {missing[0]} ({found}); put one folder per class in it"
        )


def _of_entry(entry: os.DirEntry[str], folder: Path, root: Path, label: str, inside: Path) -> Iterator[Found]:
    path = folder / entry.name
    # A link to a folder is not followed: it may lead in a circle, and what lies inside is found anyway.
    if entry.is_dir(follow_symlinks=False):
        yield from _below(path, root, label, inside)
    else:
        yield _found(path, root, label, _refusal(entry, path, inside))


def _below(folder: Path, root: Path, label: str, inside: Path) -> Iterator[Found]:
    try:
        entries = _entries(folder)
    except OSError as error:
        yield _found(folder, root, label, Refused(Reason.unreadable, f"folder: {error.strerror}"))
        return
    for entry in entries:
        yield from _of_entry(entry, folder, root, label, inside)


def _found(file: Path, root: Path, label: str, refusal: Refused | None) -> Found:
    path = file.relative_to(root).as_posix()
    printable = os.fsencode(path).decode("utf-8", "backslashreplace")
    if printable != path and refusal is None:
        # No table and no CSV could hold the name.
        refusal = Refused(Reason.unreadable, "the file's name is not UTF-8")
    return Found(printable, label, file, refusal)


def _refusal(entry: os.DirEntry[str], path: Path, inside: Path) -> Refused | None:
    if entry.is_symlink():
        return _refusal_of_link(path, inside)
    if not entry.is_file(follow_symlinks=False):
        return Refused(Reason.unreadable, "not a regular file")
    return None


def _refusal_of_link(path: Path, inside: Path) -> Refused | None:
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return Refused(Reason.unreadable, "a link that leads nowhere")
    if not target.is_relative_to(inside):
        return Refused(Reason.outside_root, "a link that leads out of the folder")
    if target.is_dir():
        return Refused(Reason.unreadable, "a link to a folder")
    if not target.is_file():
        return Refused(Reason.unreadable, "not a regular file")
    return None


def _is_litter(name: str) -> bool:
    return name.startswith(".") or name.lower() in _LITTER
