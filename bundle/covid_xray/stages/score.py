"""Score: apply a registered model to new images, into the table `scores`."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from pyspark.sql import functions as F
from radiograph import Reason, walk_all

from covid_xray.dataset.arrivals import Arrivals, arrivals, check_checkpoint
from covid_xray.dataset.inventory import deduplicate
from covid_xray.dataset.patients import hide_patients
from covid_xray.progress import Notify, Progress, counted
from covid_xray.registry.apply import Known, apply_model
from covid_xray.registry.versions import Registered
from covid_xray.settings import Settings
from covid_xray.storage.quarantine import write_quarantine
from covid_xray.storage.tables import Tables

_SCORED_BEFORE = "this picture was scored before"


def score(
    tables: Tables,
    settings: Settings,
    root: Path,
    registered: Registered,
    run_id: str,
    now: datetime,
    notify: Notify,
    key: bytes | None = None,
    checkpoint: Path | None = None,
) -> None:
    """Score the files below `root` that this version of the model has not scored yet.

    Files that cannot be read are written to `quarantine`. Images outside the range of the training images are
    scored and flagged; `covid_xray.registry.distance` describes the limits of this test. Each chunk is
    committed, so an interruption loses one chunk.

    With a checkpoint, only files that have arrived since the last scoring with it are read, and those that it
    refused: a file may have been read before all of it was there. Arrivals are done with when `scores` and
    `quarantine` hold them; after an interruption they are read again, and those in `scores` passed over.

    Parameters
    ----------
    settings
        Only `execution` is used; settings that affect scores come from the model.
    root : Path
        A folder of files or of folders, which the workers can read.
    run_id : str
        Id of this scoring, for `quarantine`.
    key : bytes or None
        Key for the pseudonyms of patient ids in file names; None keeps names unchanged.
    checkpoint : Path or None
        A folder outside `root` for what has arrived in any folder, for any version of a model.

    Raises
    ------
    FolderError
        If the folder does not exist.
    DataError
        If the checkpoint cannot be used.
    """
    # Nothing may have been trained here, or an earlier version may not have created `scores`.
    tables.create_all()
    arrived = _arrivals(tables, root, registered, checkpoint) if checkpoint else None
    found = arrived.found if arrived else walk_all(root)
    files = hide_patients(deduplicate(tables.spark, found), key)
    good = files[files["reason"].isna()]
    before = _scored(tables, registered)
    new = good[~good["image_id"].isin(before["image_id"])]
    known = Known(frozenset(before["pixel_id"].dropna()), _SCORED_BEFORE)
    refusals = [files[files["reason"].notna()]]
    earlier, scored, flagged, pixel_ids = len(good) - len(new), 0, 0, set[str]()
    for predictions in apply_model(tables, settings, registered.model, new, known, "score", notify):
        again = predictions["detail"] == _SCORED_BEFORE
        chosen = _first_of_each(predictions[~again], pixel_ids)
        pixel_ids |= set(chosen["pixel_id"].dropna())
        refusals.append(chosen[chosen["reason"].notna()])
        rows = _rows(registered, chosen[chosen["reason"].isna()], now)
        tables.append("scores", rows)
        scored, flagged = scored + len(rows), flagged + sum(row["out_of_distribution"] for row in rows)
        earlier += int(again.sum())
    refused = pd.concat([part[["path", "reason", "detail"]] for part in refusals])
    write_quarantine(tables, run_id, refused)
    if arrived:
        arrived.done(_to_read_again(files, refused))
    notify(Progress("score", note=_summary(scored, flagged, earlier, len(refused))))


def _arrivals(tables: Tables, root: Path, registered: Registered, checkpoint: Path) -> Arrivals:
    """Return what has arrived below `root` for this version of the model and this table `scores`."""
    check_checkpoint(checkpoint, root)
    version = registered.version
    # A table that has been made anew holds no scores of what arrived before.
    whose = f"{root.resolve()}\n{tables.id_of('scores')}"
    name = hashlib.sha256(whose.encode()).hexdigest()[:16]
    return arrivals(tables.spark, root, checkpoint / version.name / version.number / name)


def _to_read_again(files: pd.DataFrame, refused: pd.DataFrame) -> list[Path]:
    """Return the refused files that may become readable; a duplicate has been scored under another name.

    Not, however, a duplicate of one of them: two files of which nothing is there yet are equal.
    """
    names = refused.loc[refused["reason"] != str(Reason.duplicate), "path"]
    unread = files["path"].isin(names)
    equal = files["image_id"].isin(files.loc[unread, "image_id"].dropna())
    return [Path(file) for file in files.loc[unread | equal, "file"]]


def _scored(tables: Tables, registered: Registered) -> pd.DataFrame:
    """Return `image_id` and `pixel_id` of the images that this version has scored already."""
    version = registered.version
    same = (F.col("model") == version.name) & (F.col("model_version") == version.number)
    scored: pd.DataFrame = (
        tables.read("scores").where(same).select("image_id", "pixel_id").toArrow().to_pandas()
    )
    return scored


def _first_of_each(predictions: pd.DataFrame, pixel_ids: set[str]) -> pd.DataFrame:
    """Refuse pictures that another file of this scoring shows too: those in `pixel_ids`, and doubles."""
    shown = predictions["pixel_id"]
    again = shown.notna() & (shown.isin(pixel_ids) | shown.duplicated())
    chosen = predictions.copy()
    chosen.loc[again, ["reason", "detail"]] = [str(Reason.duplicate), "same pixels as another of these files"]
    return chosen


def _rows(registered: Registered, predictions: pd.DataFrame, now: datetime) -> list[dict[str, Any]]:
    version, model = registered.version, registered.model
    same = {"model": version.name, "model_version": version.number, "scored_at": now}
    same |= {"weights_id": model.about.weights_id, "classes": list(model.about.classes)}
    return [
        same
        | {name: row[name] for name in ("image_id", "pixel_id", "path", "prediction", "distance")}
        | {"probability": list(row["probability"])}
        | {"out_of_distribution": model.classifier.spread.is_outside(row["distance"])}
        for row in predictions.to_dict("records")
    ]


def _summary(scored: int, flagged: int, earlier: int, refused: int) -> str:
    text = (
        f"{counted(earlier, 'image')} scored before, {counted(refused, 'file')} refused, "
        f"{counted(scored, 'image')} scored"
    )
    return f"{text}; {flagged} of them out of distribution" if flagged else text
