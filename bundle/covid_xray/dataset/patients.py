"""Whose image each file is, and what it is called in tables: by no patient's id where there is a key."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from covid_xray.dataset.inventory import SAME_AS
from covid_xray.dataset.known import patient_in_name, recognise
from covid_xray.dataset.metadata import ByImage, patient_of
from covid_xray.dataset.record import ImageFacts
from covid_xray.privacy.pseudonyms import pseudonym, pseudonymize_name

if TYPE_CHECKING:
    import pandas as pd


def assign_patients(
    files: pd.DataFrame, patients: ByImage, sources: ByImage, key: bytes | None
) -> pd.DataFrame:
    """Add to the files of an inventory whose they are, and where they come from.

    Parameters
    ----------
    files : pandas.DataFrame
        Columns `path`, `label`, `image_id`, `reason`, `detail`.
    patients, sources : mapping
        As `read_patients` and `read_sources` return them.
    key : bytes or None
        Of the hashes that take the place of ids; None leaves ids as they are.

    Returns
    -------
    pandas.DataFrame
        The same with `patient_id`, `source` (given, or else told by a known dataset's record, or else None)
        and `found_as`, the path as it is. With a key, hashes stand in `patient_id`, and in `path` and
        `detail` wherever these name a patient.
    """
    keys = zip(files["label"], files["path"], files["image_id"], strict=True)
    whose = [patient_of(label, path, str(image_id), patients) for label, path, image_id in keys]
    found = files.assign(found_as=files["path"], patient_id=whose)
    found["source"] = _sources(found, sources)
    if key is None:
        return found
    rows = zip(found["label"], found["path"], found["patient_id"], strict=True)
    names = {path: _hidden_below(label, path, patient, key) for label, path, patient in rows}
    return _renamed(found, names).assign(patient_id=[pseudonym(patient, key) for patient in whose])


def hide_patients(files: pd.DataFrame, key: bytes | None) -> pd.DataFrame:
    """Return files of which only the names are known; with a key, hashes stand there for patients' ids."""
    if key is None:
        return files
    return _renamed(
        files, {path: pseudonymize_name(path, patient_in_name(path), key) for path in files["path"]}
    )


def _sources(files: pd.DataFrame, given: ByImage) -> list[str | None]:
    """Tell the sources before names become pseudonyms; refused files are no part of a dataset."""
    usable = files[files["reason"].isna()]
    columns = (usable[name].tolist() for name in ("label", "path", "patient_id"))
    images = [
        ImageFacts(label, path, patient_id, given.get((label, PurePosixPath(path).stem)))
        for label, path, patient_id in zip(*columns, strict=True)
    ]
    told = dict(zip(usable["path"], recognise(images)[1], strict=True))
    return [told.get(path) for path in files["path"]]


def _renamed(files: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    details = [_renamed_detail(detail, names) for detail in files["detail"]]
    return files.assign(path=files["path"].map(names), detail=details)


def _hidden_below(label: str, path: str, patient: str, key: bytes) -> str:
    """The name of the class stays, even where it has a patient's id in it: `Covid-19` and patient 19."""
    return f"{label}/{pseudonymize_name(path.removeprefix(f'{label}/'), patient, key)}"


def _renamed_detail(detail: Any, names: Mapping[str, str]) -> Any:
    if isinstance(detail, str) and detail.startswith(SAME_AS):
        return SAME_AS + names[detail.removeprefix(SAME_AS)]
    return detail
