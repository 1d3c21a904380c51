"""Evaluate: a registered model on labelled external images, as protocol `external`."""

from __future__ import annotations

import pandas as pd
from radiograph import Reason

from covid_xray.dataset.data_folder import DataFolder, inventory
from covid_xray.errors import DataError
from covid_xray.evaluation.protocols import EXTERNAL
from covid_xray.evaluation.results import results
from covid_xray.progress import Notify, Progress
from covid_xray.registry.apply import apply_model
from covid_xray.registry.saved import About
from covid_xray.registry.versions import Registered
from covid_xray.settings import Settings
from covid_xray.storage.quarantine import write_quarantine
from covid_xray.storage.tables import Tables


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
    evaluation of the same model. Training images are refused as duplicates.

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
    files = _refuse_training_images(inventory(tables.spark, folder, about.classes), about)
    good = files[files["reason"].isna()]
    parts = list(apply_model(tables, settings, registered.model, good, "evaluate", notify))
    outcomes = pd.concat(parts or [pd.DataFrame({name: [] for name in ("path", "reason", "detail")})])
    labelled = outcomes.merge(files[["path", "label", "patient_id"]], on="path")
    undecoded, predicted = labelled[labelled["reason"].notna()], labelled[labelled["reason"].isna()]
    write_quarantine(tables, run_id, pd.concat([files[files["reason"].notna()], undecoded]))
    if predicted.empty:
        raise DataError(f"{folder.root} has no image that the model can be evaluated on: see quarantine")
    _write(tables, settings, about, _predictions(predicted, about.task))
    note = f"{len(predicted)} images evaluated, {len(files) - len(predicted)} files refused"
    notify(Progress("evaluate", note=note))


def _refuse_training_images(files: pd.DataFrame, about: About) -> pd.DataFrame:
    trained_on = files["reason"].isna() & files["image_id"].isin(about.image_ids)
    files.loc[trained_on, ["reason", "detail"]] = [
        str(Reason.duplicate),
        "the model was trained on this image",
    ]
    return files


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
