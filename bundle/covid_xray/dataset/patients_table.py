"""The rows of patients.csv and metadata.csv: which image, which patient, which source, view, sex and age."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from covid_xray.dataset.attributes import ATTRIBUTES, Attributes, normal_age, normal_sex, normal_view
from covid_xray.dataset.csv_reader import CsvTable, read_csv
from covid_xray.errors import DataError

_NAMES = ("filename", "original_filename", "resized_filename")
_COLUMNS = (*_NAMES, "path")
# What a row may say of an image; one of them at least is there.
_SAID = ("patient_id", "source", *ATTRIBUTES)
_NOTHING = Attributes()
_READ: dict[str, Callable[[str], Any]] = dict(
    zip(ATTRIBUTES, (normal_view, normal_sex, normal_age), strict=True)
)
# What programs and people write where a value is missing; as a patient it would join all those images.
_MISSING = {
    *("na", "n/a", "n.a.", "#n/a", "<na>", "nan", "nat", "none", "null", "(null)", "nil"),
    *("unknown", "unk", "missing", "undefined", "undetermined", "unspecified", "not specified"),
    *("not known", "not given", "not stated", "not available", "not reported", "not applicable"),
    *("?", "-", "--", ".", "\N{EN DASH}", "\N{EM DASH}"),
}


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
    attributes : Attributes
        One of these values at least is there.
    unread : mapping of str to str
        By attribute, what is written there and is not understood.
    """

    line: int
    label: str | None
    path: str | None
    names: tuple[str, ...]
    patient_id: str | None
    source: str | None = None
    attributes: Attributes = _NOTHING
    unread: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PatientsTable:
    """The rows of a file that say something of an image."""

    file: Path
    rows: tuple[ImageRow, ...]


def read_patients(csv: Path) -> PatientsTable:
    """Read a CSV with `patient_id`, a file name and `label`.

    It may have `source`, `view`, `sex` and `age`, too. Paths that hold the class folder need no `label`.

    Raises
    ------
    DataError
        If the file cannot be read, is no CSV (see `csv_reader`), lacks a column, or names nobody.
    """
    table = read_csv(csv, "patients")
    rows = tuple(_rows(table))
    _check(table, rows, ("patient_id",))
    if not rows:
        raise DataError(f"{csv} has no patient_id in any row: fill that column, or do without the file")
    return PatientsTable(csv, rows)


def read_metadata(csv: Path) -> PatientsTable:
    """Read a CSV with a file name, `label`, and one at least of the columns that a row may say something in.

    Raises
    ------
    DataError
        As `read_patients`, but for any of these columns in place of `patient_id`.
    """
    table = read_csv(csv, "metadata")
    rows = tuple(_rows(table))
    _check(table, rows, _SAID)
    if not rows:
        raise DataError(f"{csv} says nothing of any image: fill a column, or do without the file")
    return PatientsTable(csv, rows)


def normal_path(text: str) -> str:
    """Return a path in the form in which paths are compared: NFC, forward slashes, no blanks around names."""
    parts = (part.strip() for part in unicodedata.normalize("NFC", text).replace("\\", "/").split("/"))
    return "/".join(part for part in parts if part not in ("", "."))


def _check(table: CsvTable, rows: tuple[ImageRow, ...], any_of: tuple[str, ...]) -> None:
    """Check that a file names images, and has one of these columns."""
    in_folders = any("/" in name for row in rows for name in (row.path or "", *row.names))
    for columns in (() if in_folders else ("label",), any_of, _COLUMNS):
        if columns and not any(name in table for name in columns):
            missing, needed = " or ".join(columns), " or ".join(any_of)
            raise DataError(
                f"{table.name} lacks the column {missing}: it needs label, a file name and {needed}"
            )


def _rows(table: CsvTable) -> Iterator[ImageRow]:
    columns = (table.column(name) for name in ("label", *_SAID, "path", *_NAMES))
    for line, label, patient, source, view, sex, age, path, *names in zip(table.lines, *columns, strict=True):
        about = (_known(patient), _known(source))
        attributes, unread = _attributes(view, sex, age)
        if any(about) or attributes != _NOTHING or unread:
            found = dict.fromkeys(normal_path(name) for name in names if name)
            place = path and normal_path(path)
            yield ImageRow(line, label, place, tuple(filter(None, found)), *about, attributes, unread)


def _attributes(view: str | None, sex: str | None, age: str | None) -> tuple[Attributes, dict[str, str]]:
    """Return normalised values, and by attribute what is written and not understood."""
    written = dict(zip(ATTRIBUTES, map(_known, (view, sex, age)), strict=True))
    read = {name: _READ[name](text) for name, text in written.items() if text}
    unread = {name: text for name, text in written.items() if text and read[name] is None}
    return Attributes(**read), unread


def _known(text: str | None) -> str | None:
    """Return a value in one form of its accents, None if it only says that there is none."""
    if not text or text.lower() in _MISSING:
        return None
    return unicodedata.normalize("NFC", text)
