"""Score: apply a registered model to new images, into the table `scores`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from pyspark.sql import functions as F
from radiograph import walk_all

from covid_xray.dataset.inventory import deduplicate
from covid_xray.dataset.patients import hide_patients
from covid_xray.progress import Notify, Progress
from covid_xray.registry.apply import apply_model
from covid_xray.registry.versions import Registered
from covid_xray.settings import Settings
from covid_xray.storage.quarantine import write_quarantine
from covid_xray.storage.tables import Tables


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
    new = good[~good["image_id"].isin(_scored_ids(tables, registered))]
    refused = [files[files["reason"].notna()]]
    scored = flagged = 0
    for predictions in apply_model(tables, settings, registered.model, new, "score", notify):
        refused.append(predictions[predictions["reason"].notna()])
        rows = _rows(registered, predictions[predictions["reason"].isna()], now)
        tables.append("scores", rows)
        scored, flagged = scored + len(rows), flagged + sum(row["out_of_distribution"] for row in rows)
    write_quarantine(tables, run_id, pd.concat([part[["path", "reason", "detail"]] for part in refused]))
    earlier = len(good) - len(new)
    notify(Progress("score", note=_summary(scored, flagged, earlier, sum(map(len, refused)))))


def _scored_ids(tables: Tables, registered: Registered) -> pd.Series[str]:
    """Return the ids of the images that this version has scored already."""
    version = registered.version
    same = (F.col("model") == version.name) & (F.col("model_version") == version.number)
    scored = tables.read("scores").where(same).select("image_id").toArrow()
    ids: pd.Series[str] = scored["image_id"].to_pandas()
    return ids


def _rows(registered: Registered, predictions: pd.DataFrame, now: datetime) -> list[dict[str, Any]]:
    version, model = registered.version, registered.model
    same = {"model": version.name, "model_version": version.number, "scored_at": now}
    same |= {"weights_id": model.about.weights_id, "classes": list(model.about.classes)}
    return [
        same
        | {name: row[name] for name in ("image_id", "path", "prediction", "distance")}
        | {"probability": list(row["probability"])}
        | {"out_of_distribution": model.classifier.spread.is_outside(row["distance"])}
        for row in predictions.to_dict("records")
    ]


def _summary(scored: int, flagged: int, earlier: int, refused: int) -> str:
    text = f"{earlier} images scored before, {refused} files refused, {scored} images scored"
    return f"{text}; {flagged} of them out of distribution" if flagged else text
