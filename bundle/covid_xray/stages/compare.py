"""Compare: the networks together, against each other, and against what sees no lung."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from pyspark.sql import functions as F

from covid_xray.evaluation.cross_validation import predict_held_out
from covid_xray.evaluation.pairwise import Classifier, Predictions, comparisons
from covid_xray.evaluation.protocols import INTERNAL
from covid_xray.evaluation.results import results
from covid_xray.features.fused import FUSED, FusedKernel
from covid_xray.features.gram import GramMatrix, stored_gram
from covid_xray.features.key import feature_key
from covid_xray.progress import Notify, Progress
from covid_xray.settings import Settings
from covid_xray.storage import runs
from covid_xray.storage.tables import Tables

_COLUMNS = ["kind", "backbone", "task", "protocol", "repeat", "fold", "image_id", "patient_id", "label"]


def compare(tables: Tables, run_id: str, notify: Notify) -> None:
    """Write predictions and metrics of all networks together, and the table `comparisons`.

    Of a network without results nothing is written, and with fewer than two there is nothing to fuse.
    """
    shown = runs.shown(tables, run_id)
    settings = runs.settings_of([row for row in shown if row["run_id"] == run_id])
    done = [row for row in shown if row["status"] == runs.SUCCEEDED]
    if not done:
        notify(Progress("compare", note="no network has succeeded, so there is nothing to compare"))
        return
    fused = _fuse(tables, settings, run_id, done)
    if not fused.empty:
        tables.replace_each(results(tables, run_id, "backbone", FUSED, fused, settings))
    predictions = _predictions(tables, run_id, done)
    rows = [
        {"run_id": run_id, "task": task, "protocol": protocol} | row
        for (task, protocol), part in predictions.groupby(["task", "protocol"])
        for row in comparisons(_by_classifier(part), settings.bootstrap_resamples, settings.seed)
    ]
    tables.replace("comparisons", rows, where={"run_id": [run_id]})
    notify(Progress("compare", note=f"{len(rows)} pairs of classifiers"))


def _fuse(tables: Tables, settings: Settings, run_id: str, done: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Fit and predict with all networks' features, for each task that has two networks or more."""
    splits = tables.read("splits").where(F.col("run_id") == run_id).toPandas()
    known: dict[tuple[str, str], GramMatrix | None] = {}
    parts = []
    for task, classes in settings.tasks.items():
        keys = [(row["backbone"], row["weights_id"]) for row in done if row["task"] == task]
        for key in keys:
            if key not in known:
                known[key] = stored_gram(tables, feature_key(settings, *key))
        networks = [found for key in keys if (found := known[key]) is not None]
        if len(networks) < 2:
            continue
        of_task = splits[splits["task"] == task]
        predicted = predict_held_out(
            FusedKernel.of_common_images(networks), of_task, classes, settings.reg_param
        )
        parts.append(predicted.assign(task=task))
    return pd.concat(parts) if parts else pd.DataFrame()


def _predictions(tables: Tables, run_id: str, done: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Return the held-out predictions of all networks that are done, of `FUSED` and of the baselines."""
    wanted = {(row["run_id"], row["backbone"], row["task"]) for row in done}
    of_runs = F.col("run_id").isin(sorted({run_id, *(run for run, _, _ in wanted)}))
    stored_rows = tables.read("predictions").where(of_runs & F.col("protocol").isin(*INTERNAL))
    rows: pd.DataFrame = stored_rows.select("run_id", *_COLUMNS, "prediction").toPandas()
    of_network = pd.MultiIndex.from_frame(rows[["run_id", "backbone", "task"]]).isin(wanted)
    own = (rows["run_id"] == run_id) & ((rows["kind"] == "baseline") | (rows["backbone"] == FUSED))
    return rows[own.to_numpy() | of_network]


def _by_classifier(rows: pd.DataFrame) -> Predictions:
    parts: Any = rows.groupby(["kind", "backbone"])
    return {Classifier(kind, name): part for (kind, name), part in parts}
