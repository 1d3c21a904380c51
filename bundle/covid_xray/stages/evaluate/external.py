"""Evaluate a model on class folders from elsewhere, as protocol `external`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from radiograph import other_folders

from covid_xray.dataset.data_folder import DataFolder
from covid_xray.evaluation.absent import absent_classes, meaning
from covid_xray.evaluation.protocols import EXTERNAL
from covid_xray.evaluation.results import results
from covid_xray.evaluation.strata import strata_rows
from covid_xray.progress import Notify, Progress
from covid_xray.registry.saved import About
from covid_xray.registry.versions import Registered
from covid_xray.settings import Settings
from covid_xray.stages.evaluate.predict import Predicted, predict
from covid_xray.storage.tables import Tables


def evaluate(
    tables: Tables,
    folder: DataFolder,
    settings: Settings,
    registered: Registered,
    run_id: str,
    notify: Notify,
) -> Predicted:
    """Write `predictions`, `metrics` and `strata` for class folders that the model was not trained on.

    They get the id of the model's training run, beside its internal results, and replace an earlier external
    evaluation of the same model. Training images are refused as duplicates. Where a class has no image, the
    last message says so, and what the figures then mean.

    Parameters
    ----------
    run_id : str
        Id of this evaluation, for `quarantine`.

    Raises
    ------
    DataError, FolderError
        As `predict` raises them.
    """
    about = registered.model.about
    found = predict(tables, settings, folder, about.classes, registered, EXTERNAL, run_id, notify)
    written = results(tables, about.run_id, "backbone", about.backbone, found.images, settings)
    strata = strata_rows(about.run_id, about.backbone, found.images, found.files, settings)
    tables.replace_each(written | {"strata": (strata, written["metrics"][1])})
    notes = [found.note, *_absent_notes(folder.root, found.files, found.images, about)]
    notify(Progress("evaluate", note="; ".join(notes)))
    return found


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
