"""Score: what a registered model says of new images, into the table `scores`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from pyspark.sql import functions as F

from covid_xray.dataset.patients import hide_patients
from covid_xray.progress import Notify, Progress
from covid_xray.registry.apply import applied, write_quarantine
from covid_xray.registry.files import list_files
from covid_xray.registry.versions import Registered
from covid_xray.settings import Settings
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

    What cannot be read goes to `quarantine`. An image whose features lie where no training image's do is
    scored and flagged: `covid_xray.registry.distance` says what that can tell and what not. Every chunk is
    committed, so an interruption loses one.

    Parameters
    ----------
    settings
        How the work is cut up; all that changes a score is the model's own.
    root : Path
        A folder of files or of folders, which the workers see too.
    run_id : str
        Of this scoring, in `quarantine`.
    key : bytes or None
        Of the hashes that stand for patients' ids in the names of files; None leaves names as they are.

    Raises
    ------
    FolderError
        If there is no such folder.
    """
    # Models may be used where nothing was trained, or by a version that knew no `scores`.
    tables.create_all()
    files = hide_patients(list_files(tables.spark, root), key)
    good = files[files["reason"].isna()]
    new = good[~good["image_id"].isin(_known(tables, registered))]
    refused = [files[files["reason"].notna()]]
    scored = flagged = 0
    for found in applied(tables, settings, registered.model, new, "score", notify):
        refused.append(found[found["reason"].notna()])
        rows = _rows(registered, found[found["reason"].isna()], now)
        tables.append("scores", rows)
        scored, flagged = scored + len(rows), flagged + sum(row["out_of_distribution"] for row in rows)
    write_quarantine(tables, run_id, pd.concat([part[["path", "reason", "detail"]] for part in refused]))
    known = len(good) - len(new)
    notify(Progress("score", note=_summary(scored, flagged, known, sum(map(len, refused)))))


def _known(tables: Tables, registered: Registered) -> set[str]:
    """Return the images that this version has scored."""
    version = registered.version
    same = (F.col("model") == version.name) & (F.col("model_version") == version.number)
    return set(tables.read("scores").where(same).select("image_id").toPandas()["image_id"])


def _rows(registered: Registered, found: pd.DataFrame, now: datetime) -> list[dict[str, Any]]:
    version, model = registered.version, registered.model
    same = {"model": version.name, "model_version": version.number, "scored_at": now}
    same |= {"weights_id": model.about.weights_id, "classes": list(model.about.classes)}
    return [
        same
        | {name: row[name] for name in ("image_id", "path", "prediction", "distance")}
        | {"probability": list(row["probability"])}
        | {"out_of_distribution": model.classifier.spread.is_outside(row["distance"])}
        for row in found.to_dict("records")
    ]


def _summary(scored: int, flagged: int, known: int, refused: int) -> str:
    text = f"{known} images scored before, {refused} files refused, {scored} images scored"
    return f"{text}; {flagged} of them out of distribution" if flagged else text
