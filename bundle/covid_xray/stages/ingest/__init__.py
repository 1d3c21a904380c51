"""Ingest: read a folder of X-rays into `images`, `quarantine`, `splits` and pending rows of `runs`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd
from pyspark.sql import functions as F
from radiograph import other_folders

from covid_xray.dataset.attributes import ATTRIBUTES
from covid_xray.dataset.data_folder import DataFolder, Inventory, inventory
from covid_xray.dataset.given import patients_note
from covid_xray.dataset.metadata import read_originals
from covid_xray.dataset.record import count_unknown
from covid_xray.evaluation.solver import check_networks, check_occlusion
from covid_xray.evaluation.splits import (
    check_all_classes_present,
    check_no_leaks,
    check_sources_known,
    split,
)
from covid_xray.features.precision import settle_precision
from covid_xray.progress import Notify, Progress, counted
from covid_xray.settings import Settings
from covid_xray.stages.ingest.accept import accept
from covid_xray.stages.ingest.same_pixels import refuse_same_pixels
from covid_xray.storage import runs
from covid_xray.storage.frames import records, to_arrow
from covid_xray.storage.quarantine import write_quarantine
from covid_xray.storage.tables import Tables

# The columns of `images` that files beside the folders tell, and may tell anew.
_TOLD = ["source", *ATTRIBUTES]


def ingest(
    tables: Tables,
    settings: Settings,
    request: runs.Request,
    folder: DataFolder,
    now: datetime,
    notify: Notify,
) -> None:
    """Write everything that the run's other tasks need to the tables; idempotent.

    Raises
    ------
    DataError
        If a class of the requested tasks has no folder or too few usable images, or the file of patients
        or metadata.csv does not serve.
    """
    tables.create_all()
    settings, computed = settle_precision(tables.spark, settings)
    found = inventory(tables.spark, folder, settings.classes)
    files = found.files
    inputs = runs.inputs_id(files, request.weights, settings)
    runs.open_run(tables, request, inputs, settings, now, _counts(found))
    # From here on failures are recorded in the run's rows; the job's last task reads only these.
    with runs.record_failures(tables, request.run_id):
        refused, ids = _store(tables, folder.root, files)
        stored = files[files["reason"].isna() & ~files["path"].isin(refused["path"])]
        checked = refuse_same_pixels(tables, stored, ids)
        accepted = checked[checked["reason"].isna()]
        labels = files.set_index("path")["label"]
        undecoded = refused.assign(label=refused["path"].map(labels))
        parts = [files[files["reason"].notna()], undecoded, checked[checked["reason"].notna()]]
        write_quarantine(tables, request.run_id, pd.concat(parts))
        for task in request.tasks:
            check_all_classes_present(files, accepted, folder.root, task, settings.tasks[task])
        _write_splits(tables, settings, request, accepted)
    summary = _summary(found, accepted, folder.root, settings)
    notify(Progress("ingest", note="; ".join(filter(None, (summary, computed)))))


def _store(tables: Tables, root: Path, files: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Decode and store what `images` does not hold yet.

    Returns
    -------
    pandas.DataFrame, pandas.DataFrame
        What was refused on decoding, and of what `images` holds `image_id`, `pixel_id` and whether there is a
        signature, `signed`.
    """
    columns = ("image_id", "pixel_id", *_TOLD)
    signed = F.col("signature").isNotNull().alias("signed")
    stored = tables.read("images").select(*columns, signed).toArrow().to_pandas(integer_object_nulls=True)
    usable = files[files["reason"].isna()]
    is_known = usable["image_id"].isin(stored["image_id"])
    _update_told(tables, usable[is_known], stored)
    refused, new = accept(tables, usable[~is_known].join(read_originals(root), on="found_as"))
    ids = stored.loc[stored["image_id"].isin(usable["image_id"]), ["image_id", "pixel_id", "signed"]]
    return refused, pd.concat([ids, new.assign(signed=True)], ignore_index=True)


def _update_told(tables: Tables, files: pd.DataFrame, stored: pd.DataFrame) -> None:
    """Write what this folder tells of stored images of which it was not known, or otherwise."""
    told = files.drop_duplicates("image_id").set_index("image_id")[_TOLD]
    known = stored.drop_duplicates("image_id").set_index("image_id")[_TOLD].reindex(told.index)
    updated = told.where(told.notna(), known)
    changed = updated[(told.notna() & (told != known)).any(axis=1)]
    if not changed.empty:
        tables.update_rows("images", records(changed.reset_index()), key="image_id")


def _write_splits(tables: Tables, settings: Settings, request: runs.Request, accepted: pd.DataFrame) -> None:
    rows = split(accepted, settings)
    check_occlusion(settings)
    check_networks(rows["image_id"].nunique(), request.backbones, settings)
    check_no_leaks(rows)
    check_sources_known(rows, settings)
    rows = rows.assign(run_id=request.run_id)
    tables.replace("splits", to_arrow(rows), where={"run_id": [request.run_id]})


def _counts(found: Inventory) -> dict[str, int]:
    usable = found.files[found.files["reason"].isna()]
    return {
        "patient_rows": found.given.rows,
        "unmatched_patient_rows": found.given.unmatched,
        "images_of_unknown_patients": count_unknown(usable["patient_id"]),
    }


def _summary(found: Inventory, accepted: pd.DataFrame, root: Path, settings: Settings) -> str:
    ignored = other_folders(root, settings.classes)
    notes = [
        f"{counted(len(accepted), 'image')} accepted, {len(found.files) - len(accepted)} refused",
        patients_note(found.given, accepted["patient_id"]),
        f"ignored, as not in config.yaml: {', '.join(ignored)}" if ignored else "",
    ]
    return "; ".join(filter(None, notes))
