"""Images of a model's training patients among those that it is evaluated on."""

from __future__ import annotations

from typing import Any

import pandas as pd
from radiograph import Reason

from covid_xray.dataset.record import is_unknown
from covid_xray.progress import counted

_DETAIL = "the model was trained on other images of this patient"


def mark_training_patients(
    images: pd.DataFrame, training: pd.DataFrame, trained_on: int
) -> tuple[pd.DataFrame, str]:
    """Refuse images of patients that a model was trained on: it may know the patient, and not the disease.

    Two hospitals may both have a patient 17, so images that are known to come from different sources are of
    different patients.

    Parameters
    ----------
    images : pandas.DataFrame
        Columns `patient_id`, `source`, `reason` and `detail`; those with a reason are passed over.
    training : pandas.DataFrame
        Columns `patient_id` and `source`: the training images of which these are known.
    trained_on : int
        How many training images there are.

    Returns
    -------
    pandas.DataFrame, str
        The images, and what to say about it in a note; empty if there is nothing to say.
    """
    notes = []
    if len(training) < trained_on:
        lacking = f"{trained_on - len(training)} of {trained_on}"
        notes.append(
            f"the tables lack the patients of {lacking} training images, so that images of theirs may be "
            "among these"
        )
    known = training[~training["patient_id"].map(is_unknown).astype(bool)]
    sources = _or_none(known["source"]).groupby(known["patient_id"]).agg(set).to_dict()
    whose = zip(images["patient_id"], _or_none(images["source"]), images["reason"].isna(), strict=True)
    found = [usable and _overlap(source, sources.get(patient, set())) for patient, source, usable in whose]
    if any(found):
        images = images.copy()
        images.loc[found, ["reason", "detail"]] = [str(Reason.training_patient), _DETAIL]
        notes.append(f"{counted(sum(found), 'image')} of training patients left out")
    return images, "; ".join(notes)


def _overlap(source: str | None, sources: set[str | None]) -> bool:
    """Return whether a source may be one of some, of which each may be unknown."""
    return source in sources or (bool(sources) and None in {source, *sources})


def _or_none(values: pd.Series[str]) -> pd.Series[Any]:
    return values.astype(object).where(values.notna(), None)
