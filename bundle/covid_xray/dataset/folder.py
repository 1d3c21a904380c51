"""The files beside the class folders of a data folder, by the names that writers and readers share."""

from __future__ import annotations

from pathlib import Path

PATIENTS = "patients.csv"
MANIFEST = "manifest.csv"


def patients_file(root: Path, given: Path | None) -> Path | None:
    """Return the CSV of patient ids: the given one, else patients.csv in `root` if it exists."""
    beside = root / PATIENTS
    return given or (beside if beside.is_file() else None)
