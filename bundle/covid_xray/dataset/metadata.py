"""The files beside the class folders: patients.csv, metadata.csv, and manifest.csv on the originals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from covid_xray.dataset.csv_reader import read_csv
from covid_xray.dataset.given import Given
from covid_xray.dataset.known import patient_in_name
from covid_xray.dataset.patients_table import PatientsTable, read_metadata, read_patients
from covid_xray.dataset.record import UNKNOWN_PATIENT, is_unknown
from covid_xray.errors import DataError
from covid_xray.privacy.pseudonyms import pseudonym

if TYPE_CHECKING:
    import pandas as pd

PATIENTS = "patients.csv"
METADATA = "metadata.csv"
MANIFEST = "manifest.csv"
ORIGINALS = ["original_width", "original_height", "original_bytes", "original_format", "original_mode"]


def patients_file(root: Path, given: Path | None) -> Path | None:
    """Return the CSV of patient ids: the given one, else patients.csv in `root` if it exists."""
    beside = root / PATIENTS
    return given or (beside if beside.is_file() else None)


def metadata_file(root: Path) -> Path | None:
    """Return metadata.csv in `root` if it exists."""
    beside = root / METADATA
    return beside if beside.is_file() else None


def read_tables(root: Path, patients: Path | None) -> list[PatientsTable]:
    """Read what is told of the images of a folder: the file of patients, and metadata.csv in `root`.

    Parameters
    ----------
    patients : Path or None
        As `patients_file` takes it; metadata.csv itself may be given.

    Raises
    ------
    DataError
        As `read_patients` and `read_metadata` raise it.
    """
    file, metadata = patients_file(root, patients), metadata_file(root)
    same = file is not None and metadata is not None and file.resolve() == metadata.resolve()
    tables = [read_patients(file)] if file else []
    return tables + ([read_metadata(metadata)] if metadata and not same else [])


def patient_of(path: str, image_id: str, given: Given) -> str:
    """Return the patient from the CSV, else from the file name, else an id for this image alone."""
    return given.patients.get(path) or patient_in_name(path) or f"{UNKNOWN_PATIENT}{image_id[:12]}"


def stored_patient(patient_id: str, key: bytes | None) -> str:
    """Return the patient id as it is stored: a pseudonym where there is a key.

    That of an unknown patient is made of the image's own hash and says nothing about a patient, so that it
    stays: a pseudonym would look like that of a patient who is known.
    """
    return patient_id if key is None or is_unknown(patient_id) else pseudonym(patient_id, key)


def read_originals(root: Path) -> pd.DataFrame:
    """Read `ORIGINALS` by path from manifest.csv beside the class folders; empty if there is none.

    Raises
    ------
    DataError
        If the file is no CSV, a column is missing, or a size is not an integer.
    """
    # Imported here, so that code that needs only the file names does not load pandas.
    import pandas as pd

    manifest = root / MANIFEST
    if not manifest.is_file():
        return pd.DataFrame(columns=ORIGINALS)
    read = read_csv(manifest, "manifest")
    table = pd.DataFrame(read.rows, columns=list(read.columns), dtype="object")
    missing = [name for name in ("path", *ORIGINALS) if name not in table]
    if missing:
        raise DataError(
            f"{manifest} lacks the column {missing[0]}: write it again with `wrapper.sh run dataset_resize`"
        )
    numbers = dict.fromkeys(ORIGINALS[:3], "int64")
    try:
        return table.drop_duplicates("path").set_index("path")[ORIGINALS].astype(numbers)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{manifest} has a width, height or size that is not a whole number ({error}): write it again "
            "with `wrapper.sh run dataset_resize`"
        ) from None
