"""Ingest: from a folder of X-rays to `images`, `quarantine`, `splits` and the pending rows of `runs`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pandas as pd
from radiograph import other_folders

from covid_xray import runs
from covid_xray.data_folder import patients_file
from covid_xray.frames import records
from covid_xray.ingest.accept import accept
from covid_xray.ingest.facts import ORIGINALS, read_originals, read_patients
from covid_xray.ingest.identity import identified
from covid_xray.ingest.inventory import take_inventory
from covid_xray.ingest.splits import refuse_leaks, refuse_missing, split
from covid_xray.progress import Notify, Progress
from covid_xray.settings import Settings
from covid_xray.tables import Tables


@dataclass(frozen=True)
class Source:
    """Where the X-rays are, and whose.

    Attributes
    ----------
    root : Path
        Holds the class folders.
    patients : Path or None
        CSV of patients' ids; None for patients.csv in `root`, if it exists.
    key : bytes or None
        Of the hashes that stand in tables and messages for patients' ids; None leaves ids as they are.
    """

    root: Path
    patients: Path | None
    key: bytes | None = field(default=None, repr=False)


def ingest(
    tables: Tables,
    settings: Settings,
    request: runs.Request,
    source: Source,
    git_commit: str | None,
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
    patients = read_patients(patients_file(source.root, source.patients), source.key)
    files = identified(take_inventory(tables.spark, source.root, settings.classes), patients, source.key)
    inputs = runs.inputs_id(files, request.weights, settings)
    runs.open_run(tables, request, inputs, settings, git_commit, now)
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
