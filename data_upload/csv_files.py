"""The CSV files beside the class folders: manifest.csv, refused.csv and patients.csv."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from covid_xray.dataset.attributes import ATTRIBUTES, Attributes
from covid_xray.dataset.csv_reader import read_csv
from sparkdl.files import atomic_write

REFUSED = "refused.csv"


@dataclass(frozen=True)
class Original:
    """A row of manifest.csv: what a file was before the resize.

    Paths are relative to their folders; sizes are in pixels and bytes.
    """

    path: str
    original_path: str
    original_sha256: str
    original_width: int
    original_height: int
    original_bytes: int
    original_format: str
    original_mode: str


@dataclass(frozen=True)
class Rejected:
    """A row of refused.csv: a file that was rejected, with a reason of radiograph's closed list.

    An upload also rejects files for being `DICOM`: they open, but their tags may identify the patient.
    """

    path: str
    reason: str
    detail: str


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return a CSV file in UTF-8 with line feeds, whatever the system."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()


def write_rows(
    file: Path, kind: type[Original] | type[Rejected], rows: Iterable[Original | Rejected]
) -> None:
    """Write a CSV file with the columns of `kind`; readers see the old file or the new one, never a part."""
    content = csv_bytes([column.name for column in fields(kind)], map(astuple, rows))
    atomic_write(file, lambda part: part.write_bytes(content))


def patients_csv(
    patients: Mapping[str, str], sources: Mapping[str, str], attributes: Mapping[str, Attributes]
) -> bytes:
    """Return patients.csv, as ingest reads it, from what is known of images by `<Class>/<file>`.

    Parameters
    ----------
    sources : mapping of str to str
        Names of public collections, or empty: a user's own text is not uploaded, since it may name a patient.
    attributes : mapping of str to Attributes
        Normalised, so that no text of a file is among them. Columns without a value are left out.
    """
    columns: dict[str, Mapping[str, object]] = {"patient_id": patients, "source": sources}
    for name in ATTRIBUTES:
        values = ((path, getattr(known, name)) for path, known in attributes.items())
        columns[name] = {path: value for path, value in values if value is not None}
    filled = {name: values for name, values in columns.items() if values}
    rows = (
        (*path.split("/", 1), *(values.get(path, "") for values in filled.values()))
        for path in sorted(patients)
    )
    return csv_bytes(["label", "filename", *filled], rows)


def renamed_manifest(manifest: Path, names: Mapping[str, str]) -> bytes:
    """Return manifest.csv for files under new names, with only the columns that `resize` writes.

    Parameters
    ----------
    manifest : Path
        manifest.csv of `resize`.
    names : mapping of str to str
        New names by old path. Rows of other files are left out. The new name also replaces the path of the
        original, which may identify the patient as well.

    Raises
    ------
    DataError
        If `manifest` is not a CSV file in UTF-8 (see `csv_reader`).
    """
    known = {field.name for field in fields(Original)}
    table = read_csv(manifest, "manifest")
    columns = [name for name in table.columns if name in known]
    rows = {
        names[path]: dict(zip(table.columns, row, strict=True))
        for path, row in zip(table.column("path"), table.rows, strict=True)
        if path is not None and path in names
    }
    renamed = (
        [name if column in ("path", "original_path") else row[column] or "" for column in columns]
        for name, row in sorted(rows.items())
    )
    return csv_bytes(columns, renamed)
