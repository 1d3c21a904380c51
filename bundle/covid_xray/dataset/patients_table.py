"""The rows of patients.csv, or of another CSV of patients: which image, which patient, which source."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from covid_xray.dataset.csv_reader import CsvTable, read_csv
from covid_xray.errors import DataError

_NAMES = ("filename", "original_filename", "resized_filename")
_COLUMNS = (*_NAMES, "path")
# What programs and people write where a value is missing; as a patient it would join all those images.
_MISSING = {"na", "n/a", "#n/a", "nan", "none", "null", "nil", "unknown", "missing", "?", "-", "--", "."}


@dataclass(frozen=True)
class ImageRow:
    """What one row says.

    Attributes
    ----------
    line : int
        Of the file, from 1.
    label : str or None
        The class as written; None where the row has none, and its path may tell it.
    path : str or None
        Of the image, below the class folder or from it on, as `normal_path` returns it.
    names : tuple of str
        File names of the image, or of copies of it, in the same form; they may be paths, too.
    patient_id, source : str or None
        One of them at least is there.
    """

    line: int
    label: str | None
    path: str | None
    names: tuple[str, ...]
    patient_id: str | None
    source: str | None = None


@dataclass(frozen=True)
class PatientsTable:
    """The rows of a file that name a patient or a source."""

    file: Path
    rows: tuple[ImageRow, ...]


def read_patients(csv: Path | None) -> PatientsTable | None:
    """Read a CSV with `patient_id`, a file name and `label`, and `source` where it has one.

    Paths that hold the class folder need no `label`.

    Returns
    -------
    PatientsTable or None
        None without a file.

    Raises
    ------
    DataError
        If the file cannot be read, is no CSV (see `csv_reader`), lacks a column, or names nobody.
    """
    if csv is None:
        return None
    table = read_csv(csv, "patients")
    rows = tuple(_rows(table))
    in_folders = any("/" in name for row in rows for name in (row.path or "", *row.names))
    needed = ["patient_id"] if in_folders else ["label", "patient_id"]
    needed.append(next((name for name in _COLUMNS if name in table), " or ".join(_COLUMNS)))
    for column in needed:
        if column not in table:
            raise DataError(f"{csv} lacks the column {column}: it needs label, a file name and patient_id")
    if not rows:
        raise DataError(f"{csv} has no patient_id in any row: fill that column, or do without the file")
    return PatientsTable(csv, rows)


def normal_path(text: str) -> str:
    """Return a path in the form in which paths are compared: NFC, forward slashes, no blanks around names."""
    parts = (part.strip() for part in unicodedata.normalize("NFC", text).replace("\\", "/").split("/"))
    return "/".join(part for part in parts if part not in ("", "."))


def _rows(table: CsvTable) -> Iterator[ImageRow]:
    columns = (table.column(name) for name in ("label", "patient_id", "source", "path", *_NAMES))
    for line, label, patient, source, path, *names in zip(table.lines, *columns, strict=True):
        about = (_known(patient), _known(source))
        if any(about):
            found = dict.fromkeys(normal_path(name) for name in names if name)
            yield ImageRow(line, label, path and normal_path(path), tuple(filter(None, found)), *about)


def _known(text: str | None) -> str | None:
    """Return a value in one form of its accents, None if it only says that there is none."""
    if not text or text.lower() in _MISSING:
        return None
    return unicodedata.normalize("NFC", text)
