"""Whose image each file is, and what it is called in tables: by no patient's id where there is a key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from covid_xray.dataset.inventory import SAME_AS
from covid_xray.dataset.patients import nih_patient, patient_of
from covid_xray.privacy.pseudonyms import hidden, pseudonym


def identified(
    files: pd.DataFrame, patients: Mapping[tuple[str, str], str], key: bytes | None
) -> pd.DataFrame:
    """Add to the files of an inventory whose they are.

    Parameters
    ----------
    files : pandas.DataFrame
        Columns `path`, `label`, `image_id`, `detail`.
    patients : mapping
        As `read_patients` returns it.
    key : bytes or None
        Of the hashes that take the place of ids; None leaves ids as they are.

    Returns
    -------
    pandas.DataFrame
        The same with `patient_id` and with `found_as`, the path as it is. With a key, hashes stand in
        `patient_id`, and in `path` and `detail` wherever these name a patient.
    """
    keys = zip(files["label"], files["path"], files["image_id"], strict=True)
    whose = [patient_of(label, path, str(image_id), patients) for label, path, image_id in keys]
    found = files.assign(found_as=files["path"], patient_id=whose)
    if key is None:
        return found
    rows = zip(found["label"], found["path"], found["patient_id"], strict=True)
    names = {path: _hidden_below(label, path, patient, key) for label, path, patient in rows}
    return _called(found, names).assign(patient_id=[pseudonym(patient, key) for patient in whose])


def nameless(files: pd.DataFrame, key: bytes | None) -> pd.DataFrame:
    """Return files of which nothing but their names is known; with a key, hashes stand there for ids."""
    if key is None:
        return files
    return _called(files, {path: hidden(path, nih_patient(path), key) for path in files["path"]})


def _called(files: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    return files.assign(
        path=files["path"].map(names), detail=[_renamed(detail, names) for detail in files["detail"]]
    )


def _hidden_below(label: str, path: str, patient: str, key: bytes) -> str:
    """The name of the class stays, even where it has a patient's id in it: `Covid-19` and patient 19."""
    return f"{label}/{hidden(path.removeprefix(f'{label}/'), patient, key)}"


def _renamed(detail: Any, names: Mapping[str, str]) -> Any:
    if isinstance(detail, str) and detail.startswith(SAME_AS):
        return SAME_AS + names[detail.removeprefix(SAME_AS)]
    return detail
