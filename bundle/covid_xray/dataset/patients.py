"""Assign what is told of files to them; with a key, pseudonyms replace patient ids everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from covid_xray.dataset.attributes import ATTRIBUTES, Attributes
from covid_xray.dataset.given import Given
from covid_xray.dataset.inventory import SAME_AS
from covid_xray.dataset.known import patient_in_name, recognise
from covid_xray.dataset.metadata import patient_of, stored_patient
from covid_xray.dataset.record import ImageFacts
from covid_xray.privacy.pseudonyms import pseudonymize_name


def assign_patients(files: pd.DataFrame, given: Given, key: bytes | None) -> pd.DataFrame:
    """Add patients, sources, views, sexes and ages to the files of an inventory.

    Parameters
    ----------
    files : pandas.DataFrame
        Columns `path`, `label`, `image_id`, `reason`, `detail`.
    given : Given
        What files say of them.
    key : bytes or None
        Key for the pseudonyms of patient ids; None keeps ids unchanged.

    Returns
    -------
    pandas.DataFrame
        `files` with `patient_id`, `source` (given, else from a known dataset's record, else None), `view`,
        `sex`, `age` (objects, None where not known) and `found_as`, the original path. With a key, pseudonyms
        replace patient ids in `patient_id`, `path` and `detail`; the ids of unknown patients stay (see
        `stored_patient`).
    """
    keys = zip(files["path"], files["image_id"], strict=True)
    whose = [patient_of(path, str(image_id), given) for path, image_id in keys]
    found = files.assign(found_as=files["path"], patient_id=whose)
    found["source"] = _sources(found, given.sources)
    attributes = [given.attributes.get(path, Attributes()) for path in files["path"]]
    for name in ATTRIBUTES:
        # As objects: beside a missing age the others would become floats.
        values = [getattr(one, name) for one in attributes]
        found[name] = pd.Series(values, index=found.index, dtype=object)
    if key is None:
        return found
    rows = zip(found["label"], found["path"], found["patient_id"], strict=True)
    names = {path: _hidden_below(label, path, patient, key) for label, path, patient in rows}
    return _renamed(found, names).assign(patient_id=[stored_patient(patient, key) for patient in whose])


def hide_patients(files: pd.DataFrame, key: bytes | None) -> pd.DataFrame:
    """Replace patient ids in the names of files without metadata by pseudonyms, if there is a key."""
    if key is None:
        return files
    return _renamed(
        files, {path: pseudonymize_name(path, patient_in_name(path), key) for path in files["path"]}
    )


def _sources(files: pd.DataFrame, given: Mapping[str, str]) -> list[str | None]:
    """Determine the source of each usable file from its original name."""
    usable = files[files["reason"].isna()]
    columns = (usable[name].tolist() for name in ("label", "path", "patient_id"))
    images = [
        ImageFacts(label, path, patient_id, given.get(path))
        for label, path, patient_id in zip(*columns, strict=True)
    ]
    told = dict(zip(usable["path"], recognise(images)[1], strict=True))
    return [told.get(path) for path in files["path"]]


def _renamed(files: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    details = [_renamed_detail(detail, names) for detail in files["detail"]]
    return files.assign(path=files["path"].map(names), detail=details)


def _hidden_below(label: str, path: str, patient: str, key: bytes) -> str:
    """Pseudonymize a path below its class folder: `Covid-19` stays even if a patient has the id 19."""
    return f"{label}/{pseudonymize_name(path.removeprefix(f'{label}/'), patient, key)}"


def _renamed_detail(detail: Any, names: Mapping[str, str]) -> Any:
    if isinstance(detail, str) and detail.startswith(SAME_AS):
        return SAME_AS + names[detail.removeprefix(SAME_AS)]
    return detail
