"""Ingest: from a folder of X-rays to `images`, `quarantine`, `splits` and the pending rows of `runs`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd
from radiograph import other_folders

from covid_xray.dataset.patients import ORIGINALS, read_originals
from covid_xray.dataset.source import Source, inventory
from covid_xray.evaluation.splits import refuse_leaks, refuse_missing, split
from covid_xray.progress import Notify, Progress
from covid_xray.settings import Settings
from covid_xray.stages.ingest.accept import accept
from covid_xray.storage import runs
from covid_xray.storage.frames import records
from covid_xray.storage.tables import Tables


def ingest(
    tables: Tables,
    settings: Settings,
    request: runs.Request,
    source: Source,
    now: datetime,
    notify: Notify,
) -> None:
    """Bring the tables to hold everything that the run's other tasks need. Running it twice changes nothing.

    Raises
    ------
    DataError
        If a class of the asked tasks has no folder or too few usable images.
    """
    tables.create_all()
    files = inventory(tables.spark, source, settings.classes)
    inputs = runs.inputs_id(files, request.weights, settings)
    runs.open_run(tables, request, inputs, settings, now)
    # From here on the run's rows tell of a failure; the job's last task looks at them alone.
    with runs.failures_recorded(tables, request.run_id):
        refused = _store(tables, source.root, files)
        accepted = files[files["reason"].isna() & ~files["path"].isin(refused["path"])]
        _write_quarantine(tables, request.run_id, files, refused)
        for task in request.tasks:
            refuse_missing(files, accepted, source.root, task, settings.tasks[task])
        _write_splits(tables, settings, request, accepted)
    notify(
        Progress("ingest", note=_summary(len(accepted), len(files) - len(accepted), source.root, settings))
    )


def _store(tables: Tables, root: Path, files: pd.DataFrame) -> pd.DataFrame:
    """Open and store what `images` does not hold yet; return what was refused on opening."""
    known = tables.read("images").select("image_id").toPandas()["image_id"]
    new = files[files["reason"].isna() & ~files["image_id"].isin(known)]
    facts = new.join(read_originals(root), on="found_as")
    return accept(tables, new, facts[["path", "label", "patient_id", *ORIGINALS]])


def _write_quarantine(tables: Tables, run_id: str, files: pd.DataFrame, refused: pd.DataFrame) -> None:
    labels = files.set_index("path")["label"]
    late = refused.assign(label=refused["path"].map(labels))
    early = files[files["reason"].notna()]
    columns = ["path", "label", "reason", "detail"]
    rows = pd.concat([early[columns], late[columns]]).assign(run_id=run_id)
    tables.replace("quarantine", records(rows), where={"run_id": [run_id]})


def _write_splits(tables: Tables, settings: Settings, request: runs.Request, accepted: pd.DataFrame) -> None:
    rows = split(accepted, settings)
    refuse_leaks(rows)
    rows = rows.assign(run_id=request.run_id)
    tables.replace("splits", records(rows), where={"run_id": [request.run_id]})


def _summary(accepted: int, refused: int, root: Path, settings: Settings) -> str:
    text = f"{accepted} images accepted, {refused} refused"
    ignored = other_folders(root, settings.classes)
    return f"{text}; not in config.yaml and left alone: {', '.join(ignored)}" if ignored else text
