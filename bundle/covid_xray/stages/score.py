"""Score: apply a registered model to new images, into the table `scores`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from pyspark.sql import functions as F
from radiograph import Reason, walk_all

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
) -> None:
    """Score the files below `root` that this version of the model has not scored yet.

    Files that cannot be read are written to `quarantine`. Images outside the range of the training images are
    scored and flagged; `covid_xray.registry.distance` describes the limits of this test. Each chunk is
    committed, so an interruption loses one chunk.

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

    Raises
    ------
    FolderError
        If the folder does not exist.
    """
    # Nothing may have been trained here, or an earlier version may not have created `scores`.
    tables.create_all()
    files = hide_patients(deduplicate(tables.spark, walk_all(root)), key)
    good = files[files["reason"].isna()]
    before = _scored(tables, registered)
    new = good[~good["image_id"].isin(before["image_id"])]
    known = Known(frozenset(before["pixel_id"].dropna()), _SCORED_BEFORE)
    refused = [files[files["reason"].notna()]]
    earlier, scored, flagged, pixel_ids = len(good) - len(new), 0, 0, set[str]()
    for predictions in apply_model(tables, settings, registered.model, new, known, "score", notify):
        again = predictions["detail"] == _SCORED_BEFORE
        chosen = _first_of_each(predictions[~again], pixel_ids)
        pixel_ids |= set(chosen["pixel_id"].dropna())
        refused.append(chosen[chosen["reason"].notna()])
        rows = _rows(registered, chosen[chosen["reason"].isna()], now)
        tables.append("scores", rows)
        scored, flagged = scored + len(rows), flagged + sum(row["out_of_distribution"] for row in rows)
        earlier += int(again.sum())
    write_quarantine(tables, run_id, pd.concat([part[["path", "reason", "detail"]] for part in refused]))
    notify(Progress("score", note=_summary(scored, flagged, earlier, sum(map(len, refused)))))


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
