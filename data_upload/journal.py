"""What has been sent from a data folder, and under which names: stays on this machine, survives a kill."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from threading import Lock

from data_upload.parcels import Parcel
from data_upload.pseudonyms import make_local_folder

FOLDER = ".upload"
KEY = "key"
_FILE = "sent.csv"
_COLUMNS = ("target", "name", "sha256", "local")


class Journal:
    """An append-only CSV: a line for each file that has arrived. The last line of a name counts."""

    def __init__(self, root: Path, target: str) -> None:
        self._file = root / FOLDER / _FILE
        self._target = target
        self._lock = Lock()

    def sent(self) -> dict[str, str]:
        """Return the sha256 by name of what has arrived at the target."""
        if not self._file.is_file():
            return {}
        # What was not written here has no line: its files are sent once more.
        with self._file.open(newline="", encoding="utf-8", errors="replace") as file:
            # A line that a kill cut short lacks a column, and its file is sent once more.
            rows = [row for row in csv.reader(file) if len(row) == len(_COLUMNS)]
        return {name: sha256 for target, name, sha256, _ in rows if target == self._target}

    def write(self, parcel: Parcel) -> None:
        """Note that a parcel has arrived; may be called by several threads."""
        line = io.StringIO()
        # The leading line break closes a line that a kill has cut short.
        row = (self._target, parcel.name, parcel.sha256, parcel.local)
        csv.writer(line, lineterminator="\n").writerow(row)
        with self._lock:
            make_local_folder(self._file.parent)
            with self._file.open("a+", encoding="utf-8", newline="") as file:
                file.write(_line_break_needed(self._file) + line.getvalue())


def _line_break_needed(file: Path) -> str:
    with file.open("rb") as there:
        there.seek(0, io.SEEK_END)
        if there.tell() == 0:
            return ""
        there.seek(-1, io.SEEK_END)
        return "" if there.read(1) == b"\n" else "\n"
