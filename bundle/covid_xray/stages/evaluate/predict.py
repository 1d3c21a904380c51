"""Predict a labelled folder with a registered model: what every evaluation begins with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from radiograph import Reason

from covid_xray.dataset.data_folder import DataFolder, inventory
from covid_xray.dataset.given import patients_note
from covid_xray.dataset.inventory import mark_duplicates
from covid_xray.errors import DataError
from covid_xray.progress import Notify, counted
from covid_xray.registry.apply import Known, apply_model
from covid_xray.registry.saved import About
from covid_xray.registry.training_images import training_facts
from covid_xray.registry.versions import Registered
from covid_xray.settings import Settings
from covid_xray.stages.evaluate.near_duplicates import mark_near_duplicates
from covid_xray.stages.evaluate.training_patients import mark_training_patients
from covid_xray.storage.quarantine import write_quarantine
from covid_xray.storage.tables import Tables

_TRAINED_ON = "the model was trained on this image"
_OUTCOME = ("path", "pixel_id", "signature", "reason", "detail")
_COLUMNS = ["image_id", "label", "patient_id", "prediction", "probability"]


@dataclass(frozen=True)
class Predicted:
    """The predictions for a folder.

    Attributes
    ----------
    files : pandas.DataFrame
        All files of its class folders, with `label`.
    images : pandas.DataFrame
        Rows of the table `predictions` for those that were not refused: one repeat, one fold.
    note : str
        How many files were used and refused, and of how many the patient is unknown.
    """

    files: pd.DataFrame
    images: pd.DataFrame
    note: str


def predict(
    tables: Tables,
    settings: Settings,
    folder: DataFolder,
    classes: Sequence[str],
    registered: Registered,
    protocol: str,
    run_id: str,
    notify: Notify,
) -> Predicted:
    """Predict the images of class folders, and write the refused files to `quarantine`.

    Training images are refused, other images of training patients, and near-duplicates of training images
    unless the settings keep them.

    Parameters
    ----------
    classes : sequence of str
        Names of the class folders, of which some may be missing.
    run_id : str
        Id of this evaluation, for `quarantine`.

    Raises
    ------
    DataError
        If settings and model disagree on the classes, or no image can be evaluated.
    FolderError
        If the folder contains none of the class folders.
    """
    about = registered.model.about
    if settings.tasks.get(about.task) != about.classes:
        raise DataError(
            f"the model has the classes {', '.join(about.classes)}, but config.yaml gives task {about.task} "
            "others: use the same classes, or train a new model"
        )
    tables.create_all()
    found = inventory(tables.spark, folder, classes)
    trained_on = len(about.image_ids)
    files, of_patients = mark_training_patients(
        _refuse_training_images(found.files, about), training_facts(tables, about), trained_on
    )
    good = files[files["reason"].isna()]
    known = Known(frozenset(about.pixel_ids), _TRAINED_ON)
    parts = list(apply_model(tables, settings, registered.model, good, known, "evaluate", notify))
    outcomes = pd.concat(parts or [pd.DataFrame({name: [] for name in _OUTCOME})], ignore_index=True)
    labelled = outcomes.merge(files[["path", "label", "patient_id"]], on="path").sort_values("path")
    distinct = mark_duplicates(labelled, "pixel_id", "pixels")
    checked, near_duplicates = mark_near_duplicates(tables, settings, about, distinct)
    refused, predicted = checked[checked["reason"].notna()], checked[checked["reason"].isna()]
    write_quarantine(tables, run_id, pd.concat([files[files["reason"].notna()], refused]))
    if predicted.empty:
        raise DataError(f"{folder.root} has no image that the model can be evaluated on: see quarantine")
    reasons = [*files["reason"], *refused["reason"]]
    left_out = sum(map(reasons.count, (Reason.near_duplicate, Reason.training_patient)))
    notes = [
        f"{counted(len(predicted), 'image')} evaluated, "
        f"{counted(len(files) - len(predicted) - left_out, 'file')} refused",
        of_patients,
        near_duplicates,
        patients_note(found.given, predicted["patient_id"]),
    ]
    rows = predicted[_COLUMNS].sort_values("image_id", ignore_index=True)
    rows["probability"] = rows["probability"].map(list)
    named = rows.assign(task=about.task, protocol=protocol, repeat=0, fold=0)
    return Predicted(files, named, "; ".join(filter(None, notes)))


def _refuse_training_images(files: pd.DataFrame, about: About) -> pd.DataFrame:
    trained_on = files["reason"].isna() & files["image_id"].isin(about.image_ids)
    files.loc[trained_on, ["reason", "detail"]] = [str(Reason.duplicate), _TRAINED_ON]
    return files
