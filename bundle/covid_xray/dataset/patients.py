"""What is known of an image beside its pixels: its patient, and its original before a resize."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import pandas as pd

from covid_xray.dataset.folder import MANIFEST
from covid_xray.errors import DataError
from covid_xray.privacy.pseudonyms import pseudonym

ORIGINALS = ["original_width", "original_height", "original_bytes", "original_format", "original_mode"]

# NIH ChestX-ray8 names a file <patient, 8 digits>_<follow-up>.
NIH_NAME = re.compile(r"(\d{8})_\d+")
_FILE_COLUMNS = ("filename", "original_filename", "resized_filename")


def read_patients(csv: Path | None, key: bytes | None = None) -> dict[tuple[str, str], str]:
    """Read patient ids by (label, file stem) from a CSV with `label`, `patient_id` and a file name column.

    Parameters
    ----------
    key : bytes or None
        Of the hashes that stand for ids in messages; the ids returned are those of the file.

    Raises
    ------
    DataError
        If the file is missing, lacks a column, or gives one image two patients.
    """
    if csv is None:
        return {}
    table = _read_csv(csv, "patients")
    names = [name for name in _FILE_COLUMNS if name in table]
    missing = [name for name in ("label", "patient_id") if name not in table]
    if missing or not names:
        needed = missing or [" or ".join(_FILE_COLUMNS)]
        raise DataError(f"{csv} lacks the column {needed[0]}: it needs label, a file name and patient_id")
    patients: dict[tuple[str, str], str] = {}
    for name in names:
        for label, file, patient in table[["label", name, "patient_id"]].dropna().itertuples(index=False):
            image = (str(label), PurePosixPath(str(file)).stem)
            known = patients.setdefault(image, str(patient))
            if known != str(patient):
                raise DataError(_two_patients(csv, image, known, str(patient), key))
    return patients


def _two_patients(csv: Path, image: tuple[str, str], one: str, other: str, key: bytes | None) -> str:
    label, name = image
    if key is None:
        return f"{csv} gives {label}/{name} two patients: {one} and {other}"
    # Its name may hold either of them.
    return f"{csv} gives an image of {label} two patients: {pseudonym(one, key)} and {pseudonym(other, key)}"


def patient_of(label: str, path: str, image_id: str, patients: Mapping[tuple[str, str], str]) -> str:
    """Return the patient from the CSV, else from an NIH file name, else one patient for this image alone."""
    given = patients.get((label, PurePosixPath(path).stem))
    if given is not None:
        return given
    return nih_patient(path) or f"image-{image_id[:12]}"


def nih_patient(path: str) -> str:
    """Return the patient that the name of an NIH file holds, an empty text for any other file."""
    nih = NIH_NAME.fullmatch(PurePosixPath(path).stem)
    return nih[1] if nih else ""


def read_originals(root: Path) -> pd.DataFrame:
    """Read manifest.csv beside the class folders: `ORIGINALS` by path; empty where there is none."""
    manifest = root / MANIFEST
    if not manifest.is_file():
        return pd.DataFrame(columns=ORIGINALS)
    table = _read_csv(manifest, "manifest")
    missing = [name for name in ("path", *ORIGINALS) if name not in table]
    if missing:
        raise DataError(
            f"{manifest} lacks the column {missing[0]}: write it anew with `wrapper.sh run dataset_resize`"
        )
    numbers = dict.fromkeys(ORIGINALS[:3], "int64")
    try:
        return table.drop_duplicates("path").set_index("path")[ORIGINALS].astype(numbers)
    except ValueError as error:
        raise DataError(
            f"{manifest} holds a width, height or size that is no whole number: {error}"
        ) from None


def _read_csv(csv: Path, what: str) -> pd.DataFrame:
    try:
        return pd.read_csv(csv, dtype=str, keep_default_na=False, na_values=[""])
    except OSError as error:
        raise DataError(f"cannot read the {what} file {csv}: {error.strerror}") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise DataError(f"the {what} file {csv} is no CSV: {' '.join(str(error).split())}") from None
