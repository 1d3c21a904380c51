"""Evaluate: a registered model on a labelled folder from elsewhere, as protocol `external`."""

from __future__ import annotations

import pandas as pd
from radiograph import Reason

from covid_xray.dataset.source import Source, inventory
from covid_xray.errors import DataError
from covid_xray.evaluation.protocols import EXTERNAL
from covid_xray.evaluation.results import results
from covid_xray.progress import Notify, Progress
from covid_xray.registry.apply import applied, write_quarantine
from covid_xray.registry.saved import About
from covid_xray.registry.versions import Registered
from covid_xray.settings import Settings
from covid_xray.storage.tables import Tables


def evaluate(
    tables: Tables, settings: Settings, source: Source, registered: Registered, run_id: str, notify: Notify
) -> None:
    """Write `predictions` and `metrics` of class folders that the model has not been trained on.

    They stand under the run that the model comes from, beside what it reached there, and take the place of an
    earlier evaluation of the same model. Images that it was trained on are refused as duplicates.

    Parameters
    ----------
    run_id : str
        Of this evaluation, in `quarantine`.

    Raises
    ------
    DataError
        If config.yaml gives the task other classes than the model's, or no image is left.
    FolderError
        If the folder holds none of the class folders.
    """
    about = registered.model.about
    if settings.tasks.get(about.task) != about.classes:
        raise DataError(
            f"the model knows the classes {', '.join(about.classes)}, but config.yaml gives the task "
            f"{about.task} others: give it the same, or train a model anew"
        )
    tables.create_all()
    files = _unseen(inventory(tables.spark, source, about.classes), about)
    good = files[files["reason"].isna()]
    parts = list(applied(tables, settings, registered.model, good, "evaluate", notify))
    found = pd.concat(parts or [pd.DataFrame({name: [] for name in ("path", "reason", "detail")})])
    found = found.merge(files[["path", "label", "patient_id"]], on="path")
    late, read = found[found["reason"].notna()], found[found["reason"].isna()]
    write_quarantine(tables, run_id, pd.concat([files[files["reason"].notna()], late]))
    if read.empty:
        raise DataError(f"{source.root} holds no image that the model could be evaluated on: see quarantine")
    _write(tables, settings, about, _held_out(read, about.task))
    note = f"{len(read)} images evaluated, {len(files) - len(read)} files refused"
    notify(Progress("evaluate", note=note))


def _unseen(files: pd.DataFrame, about: About) -> pd.DataFrame:
    seen = files["reason"].isna() & files["image_id"].isin(about.image_ids)
    files.loc[seen, ["reason", "detail"]] = [str(Reason.duplicate), "the model was trained on this image"]
    return files


def _held_out(read: pd.DataFrame, task: str) -> pd.DataFrame:
    columns = ["image_id", "label", "patient_id", "prediction", "probability"]
    return (
        read[columns]
        .assign(
            probability=read["probability"].map(list),
            task=task,
            protocol=EXTERNAL,
            repeat=0,
            fold=0,
        )
        .sort_values("image_id", ignore_index=True)
    )


def _write(tables: Tables, settings: Settings, about: About, held_out: pd.DataFrame) -> None:
    tables.replace_each(results(tables, about.run_id, "backbone", about.backbone, held_out, settings))
