"""Evaluate: a registered model on labelled external images, as protocol `external`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from radiograph import Reason, other_folders

from covid_xray.dataset.data_folder import DataFolder, inventory
from covid_xray.dataset.given import patients_note
from covid_xray.dataset.inventory import mark_duplicates
from covid_xray.errors import DataError
from covid_xray.evaluation.absent import absent_classes, meaning
from covid_xray.evaluation.protocols import EXTERNAL
from covid_xray.evaluation.results import results
from covid_xray.progress import Notify, Progress
from covid_xray.registry.apply import Known, apply_model
from covid_xray.registry.saved import About
from covid_xray.registry.versions import Registered
from covid_xray.settings import Settings
from covid_xray.storage.quarantine import write_quarantine
from covid_xray.storage.tables import Tables

_TRAINED_ON = "the model was trained on this image"
_OUTCOME = ("path", "pixel_id", "reason", "detail")


def evaluate(
    tables: Tables,
    settings: Settings,
    folder: DataFolder,
    registered: Registered,
    run_id: str,
    notify: Notify,
) -> None:
    """Write `predictions` and `metrics` for class folders that the model was not trained on.

    They get the id of the model's training run, beside its internal results, and replace an earlier external
    evaluation of the same model. Training images are refused as duplicates. Where a class has no image, the
    last message says so, and what the figures then mean.

    Parameters
    ----------
    run_id : str
        Id of this evaluation, for `quarantine`.

    Raises
    ------
    DataError
        If config.yaml gives the task other classes than the model's, or no image can be evaluated.
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
    found = inventory(tables.spark, folder, about.classes)
    files = _refuse_training_images(found.files, about)
    good = files[files["reason"].isna()]
    known = Known(frozenset(about.pixel_ids), _TRAINED_ON)
    parts = list(apply_model(tables, settings, registered.model, good, known, "evaluate", notify))
    outcomes = pd.concat(parts or [pd.DataFrame({name: [] for name in _OUTCOME})], ignore_index=True)
    labelled = outcomes.merge(files[["path", "label", "patient_id"]], on="path").sort_values("path")
    checked = mark_duplicates(labelled, "pixel_id", "pixels")
    refused, predicted = checked[checked["reason"].notna()], checked[checked["reason"].isna()]
    write_quarantine(tables, run_id, pd.concat([files[files["reason"].notna()], refused]))
    if predicted.empty:
        raise DataError(f"{folder.root} has no image that the model can be evaluated on: see quarantine")
    _write(tables, settings, about, _predictions(predicted, about.task))
    notes = [
        f"{len(predicted)} images evaluated, {len(files) - len(predicted)} files refused",
        patients_note(found.given, predicted["patient_id"]),
        *_absent_notes(folder.root, files, predicted, about),
    ]
    notify(Progress("evaluate", note="; ".join(filter(None, notes))))


def _refuse_training_images(files: pd.DataFrame, about: About) -> pd.DataFrame:
    trained_on = files["reason"].isna() & files["image_id"].isin(about.image_ids)
    files.loc[trained_on, ["reason", "detail"]] = [str(Reason.duplicate), _TRAINED_ON]
    return files


def _absent_notes(root: Path, files: pd.DataFrame, predicted: pd.DataFrame, about: About) -> list[str]:
    """Return which classes have no image, why, and what the figures then mean; nothing if all have some."""
    absent = absent_classes(set(predicted["label"]), about.classes)
    if not absent:
        return []
    refused = files["label"].value_counts()
    notes = []
    for name in absent:
        if name in refused:
            notes.append(f"all {refused[name]} files of {name} were refused, see the table quarantine")
        elif (root / name).is_dir():
            notes.append(f"{root / name} is empty")
        else:
            notes.append(f"{root} has no folder {name}")
    if others := other_folders(root, about.classes):
        notes.append(f"ignored, as not a class of the model: {', '.join(others)}")
    return [*notes, meaning(absent, about.classes)]


def _predictions(predicted: pd.DataFrame, task: str) -> pd.DataFrame:
    columns = ["image_id", "label", "patient_id", "prediction", "probability"]
    return (
        predicted[columns]
        .assign(
            probability=predicted["probability"].map(list),
            task=task,
            protocol=EXTERNAL,
            repeat=0,
            fold=0,
        )
        .sort_values("image_id", ignore_index=True)
    )


def _write(tables: Tables, settings: Settings, about: About, predictions: pd.DataFrame) -> None:
    tables.replace_each(results(tables, about.run_id, "backbone", about.backbone, predictions, settings))
