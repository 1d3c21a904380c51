"""The folder `.upload` inside a data folder: the key of the pseudonyms, and a journal of what was sent.

Both lead back to patients, so the folder never leaves this machine.
"""

from __future__ import annotations

import csv
import io
import secrets
from pathlib import Path
from threading import Lock

from sparkdl.files import atomic_write

from data_upload.errors import DataUploadError
from data_upload.items import UploadItem

FOLDER = ".upload"
KEY = "key"
_JOURNAL = "sent.csv"
_COLUMNS = ("target", "name", "sha256", "local")
_KEY_BYTES = 32


def local_key(file: Path) -> bytes:
    """Return the key of a data folder's pseudonyms, and make it on first use.

    Whoever has the key can find the patient of a pseudonym.

    Raises
    ------
    DataUploadError
        If the file exists but does not hold a key.
    """
    _make_folder(file.parent)
    if not file.is_file():
        # Whole or not at all: an empty key would not be secret.
        atomic_write(file, _write_key)
    try:
        key = bytes.fromhex(file.read_text(encoding="ascii").strip())
    except ValueError:
        key = b""
    if len(key) < _KEY_BYTES:
        raise DataUploadError(
            f"{file} does not hold a key of {_KEY_BYTES} bytes in hexadecimal digits: restore the original "
            "key, or delete the file, which gives every patient a new pseudonym"
        )
    return key


class Journal:
    """An append-only CSV file with a line for each file that has arrived; the last line of a name counts.

    It survives a kill: what an interrupted write leaves behind is ignored, and that file is sent again.
    """

    def __init__(self, root: Path, target: str) -> None:
        self._file = root / FOLDER / _JOURNAL
        self._target = target
        self._lock = Lock()

    def sent(self) -> dict[str, str]:
        """Return the sha256 of each file that has arrived at the target, by name."""
        if not self._file.is_file():
            return {}
        with self._file.open(newline="", encoding="utf-8", errors="replace") as file:
            # A line that a kill cut short lacks a column.
            rows = [row for row in csv.reader(file) if len(row) == len(_COLUMNS)]
        return {name: sha256 for target, name, sha256, _ in rows if target == self._target}

    def write(self, item: UploadItem) -> None:
        """Record that an item has arrived; several threads may call this."""
        line = io.StringIO()
        row = (self._target, item.name, item.sha256, item.local)
        csv.writer(line, lineterminator="\n").writerow(row)
        with self._lock:
            _make_folder(self._file.parent)
            with self._file.open("a+", encoding="utf-8", newline="") as file:
                file.write(_missing_line_break(self._file) + line.getvalue())


def _write_key(file: Path) -> None:
    file.touch(mode=0o600)
    file.write_text(secrets.token_hex(_KEY_BYTES), encoding="ascii")


def _make_folder(folder: Path) -> None:
    """Make the folder so that neither git nor a deployment includes it."""
    folder.mkdir(exist_ok=True)
    ignored = folder / ".gitignore"
    if not ignored.is_file():
        ignored.write_text("*\n", encoding="ascii")


def _missing_line_break(file: Path) -> str:
    """Return what ends the last line of a file, if a kill has cut it short."""
    with file.open("rb") as content:
        content.seek(0, io.SEEK_END)
        if content.tell() == 0:
            return ""
        content.seek(-1, io.SEEK_END)
        return "" if content.read(1) == b"\n" else "\n"
