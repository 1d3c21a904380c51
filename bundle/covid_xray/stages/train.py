"""Train: one backbone's classifiers on the splits of a run, and their figures on held-out images."""

from __future__ import annotations

from time import monotonic
from typing import Any

import pandas as pd
from pyspark.sql import functions as F

from covid_xray.evaluation.cross_validation import predict_held_out
from covid_xray.evaluation.results import results
from covid_xray.evaluation.splits import refuse_leaks
from covid_xray.features.gram import compute_gram, stored_gram, to_row
from covid_xray.features.key import feature_key
from covid_xray.progress import Notify, Progress
from covid_xray.storage import runs
from covid_xray.storage.tables import Tables


def train(tables: Tables, run_id: str, backbone: str, notify: Notify) -> None:
    """Fit, predict what was held out, and write `predictions`, `metrics` and how the run ended.

    A backbone whose featurization failed is passed over: its rows say so already.
    """
    rows = [row for row in runs.state(tables, run_id, backbone) if row["status"] == runs.RUNNING]
    if not rows:
        notify(Progress("train", backbone, note="nothing to do"))
        return
    with runs.failures_recorded(tables, run_id, backbone):
        begun = monotonic()
        settings = runs.settings_of(rows)
        splits = tables.read("splits").where(F.col("run_id") == run_id).toPandas()
        splits = splits[splits["task"].isin([row["task"] for row in rows])]
        refuse_leaks(splits)
        key, ids = feature_key(settings, backbone, rows[0]["weights_id"]), sorted(set(splits["image_id"]))
        stored = stored_gram(tables, key, ids)
        if stored is None:
            notify(Progress("train", backbone, note=f"reading the features of {len(ids)} images"))
        matrix = stored or compute_gram(tables, key, ids)
        reading = monotonic() - begun
        predictions: list[pd.DataFrame] = []
        ended: list[dict[str, Any]] = []
        for done, row in enumerate(rows, start=1):
            begun = monotonic()
            of_task = splits[splits["task"] == row["task"]]
            predicted = predict_held_out(matrix, of_task, settings.tasks[row["task"]], settings.reg_param)
            predictions.append(predicted.assign(task=row["task"]))
            ended.append(row | {"train_seconds": reading / len(rows) + monotonic() - begun})
            notify(Progress("train", backbone, done, len(rows), "classifiers", note=row["task"]))
        writes = results(tables, run_id, "backbone", backbone, pd.concat(predictions), settings)
        if stored is None:
            writes |= to_row(key, matrix)
        tables.replace_each(writes)
        runs.update(tables, ended, status=runs.SUCCEEDED)
