"""Names that say nothing of a patient: files are named by their contents, patients by a keyed hash."""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from data_upload.errors import DataUploadError
from data_upload.manifest import Original

_KEY_BYTES = 32
_SUFFIXES = {".bmp", ".gif", ".jfif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}


def make_local_folder(folder: Path) -> None:
    """Make the folder for what leads back to patients, so that neither git nor a deploy takes it along."""
    folder.mkdir(exist_ok=True)
    ignored = folder / ".gitignore"
    if not ignored.is_file():
        ignored.write_text("*\n", encoding="ascii")


def local_key(file: Path) -> bytes:
    """Return the key of this data folder, made on first use; whoever has it can find patients again."""
    make_local_folder(file.parent)
    if not file.is_file():
        # Whole or not at all: an empty key would be no secret.
        part = file.with_name(f"{file.name}.part")
        part.touch(mode=0o600)
        part.write_text(secrets.token_hex(_KEY_BYTES), encoding="ascii")
        part.replace(file)
    try:
        key = bytes.fromhex(file.read_text(encoding="ascii").strip())
    except ValueError:
        key = b""
    if len(key) < _KEY_BYTES:
        raise DataUploadError(
            f"{file} holds no key of {_KEY_BYTES} bytes in hexadecimal digits: put back the one that was "
            "there, or delete the file, and every patient gets another pseudonym"
        )
    return key


def remote_name(label: str, file: Path, sha256: str) -> str:
    """Return `<Class>/<sha256 of the file>.<suffix>`; a suffix that no picture has, maybe a name, goes."""
    suffix = file.suffix.lower()
    return f"{label}/{sha256}{suffix if suffix in _SUFFIXES else ''}"


def patients_csv(patients: Mapping[str, str]) -> bytes:
    """Write patients.csv, as ingest reads it, from patient ids by `<Class>/<file>`."""
    rows = [(*path.split("/", 1), patient) for path, patient in sorted(patients.items())]
    return _csv(["label", "filename", "patient_id"], rows)


def renamed_manifest(manifest: Path, names: Mapping[str, str]) -> bytes:
    """Write manifest.csv for files under other names; columns that `resize` does not write stay here.

    Parameters
    ----------
    manifest : Path
        manifest.csv of `resize`.
    names : mapping of str to str
        New by old paths; rows of other files are left out. Paths of originals give way to the new name,
        since they may carry a patient too.
    """
    known = [field.name for field in fields(Original)]
    try:
        # A spreadsheet begins the file with a byte-order mark.
        with manifest.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = [name for name in reader.fieldnames or [] if name in known]
            rows = {names[row["path"]]: row for row in reader if row.get("path") in names}
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataUploadError(f"{manifest} is no CSV in UTF-8 ({error}): save it as one") from None
    renamed = (
        [name if column in ("path", "original_path") else row[column] for column in columns]
        for name, row in sorted(rows.items())
    )
    return _csv(columns, renamed)


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()
