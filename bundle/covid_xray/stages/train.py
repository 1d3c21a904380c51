"""Train: cross-validate one backbone's classifiers on the splits of a run, and compute their metrics."""

from __future__ import annotations

from time import monotonic
from typing import Any

import pandas as pd

from covid_xray.evaluation.cross_validation import predict_held_out
from covid_xray.evaluation.results import results
from covid_xray.evaluation.splits import check_no_leaks
from covid_xray.features.gram import compute_gram, stored_gram, to_row
from covid_xray.features.key import feature_key
from covid_xray.progress import Notify, Progress
from covid_xray.storage import runs
from covid_xray.storage.tables import Tables


def train(tables: Tables, run_id: str, backbone: str, notify: Notify) -> None:
    """Fit, predict the held-out images, and write `predictions`, `metrics` and the status of the run.

    A backbone whose featurization failed is skipped: its rows are marked as failed already.
    """
    rows = [row for row in runs.state(tables, run_id, backbone) if row["status"] == runs.RUNNING]
    if not rows:
        notify(Progress("train", backbone, note="nothing to do"))
        return
    with runs.record_failures(tables, run_id, backbone):
        start = monotonic()
        settings = runs.settings_of(rows)
        splits = tables.matching("splits", {"run_id": run_id}).toPandas()
        splits = splits[splits["task"].isin([row["task"] for row in rows])]
        check_no_leaks(splits)
        key, ids = feature_key(settings, backbone, rows[0]["weights_id"]), sorted(set(splits["image_id"]))
        stored = stored_gram(tables, key, ids)
        if stored is None:
            notify(Progress("train", backbone, note=f"reading the features of {len(ids)} images"))
        matrix = stored or compute_gram(tables, key, ids)
        read_seconds = monotonic() - start
        predictions: list[pd.DataFrame] = []
        trained: list[dict[str, Any]] = []
        for done, row in enumerate(rows, start=1):
            start = monotonic()
            task_splits = splits[splits["task"] == row["task"]]
            predicted = predict_held_out(matrix, task_splits, settings.tasks[row["task"]], settings.reg_param)
            predictions.append(predicted.assign(task=row["task"]))
            trained.append(row | {"train_seconds": read_seconds / len(rows) + monotonic() - start})
            notify(Progress("train", backbone, done, len(rows), "classifiers", note=row["task"]))
        writes = results(tables, run_id, "backbone", backbone, pd.concat(predictions), settings)
        if stored is None:
            writes |= to_row(key, matrix)
        tables.replace_each(writes)
        runs.update(tables, trained, status=runs.SUCCEEDED)
