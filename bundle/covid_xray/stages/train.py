"""Train: cross-validate one backbone's classifiers on the splits of a run, and compute their metrics."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic

import pandas as pd

from covid_xray.evaluation.batched_validation import predict_all_held_out
from covid_xray.evaluation.cross_validation import predict_held_out
from covid_xray.evaluation.results import results
from covid_xray.evaluation.splits import check_no_leaks
from covid_xray.features.collect import collect_rows
from covid_xray.features.gram import MOST_IMAGES, GramMatrix, stored_gram, to_row
from covid_xray.features.key import feature_key
from covid_xray.progress import Notify, Progress
from covid_xray.settings import Settings
from covid_xray.storage import runs
from covid_xray.storage.tables import Replacement, Tables


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
        key = feature_key(settings, backbone, rows[0]["weights_id"])
        predictions, new_gram = _predict(tables, key, splits, settings, notify)
        seconds = (monotonic() - start) / len(rows)
        tables.replace_each(results(tables, run_id, "backbone", backbone, predictions, settings) | new_gram)
        runs.update(tables, [row | {"train_seconds": seconds} for row in rows], status=runs.SUCCEEDED)


def _predict(
    tables: Tables, key: Mapping[str, str], splits: pd.DataFrame, settings: Settings, notify: Notify
) -> tuple[pd.DataFrame, dict[str, Replacement]]:
    """Predict all held-out images; also return the row of `gram`, if a Gram matrix had to be computed."""
    backbone, ids = key["backbone"], sorted(set(splits["image_id"]))
    matrix, new_gram = stored_gram(tables, key, ids), {}
    if matrix is None:
        notify(Progress("train", backbone, note=f"reading the features of {len(ids)} images"))
        features = collect_rows(tables.matching("features", key), ids)
        images, width = features.shape
        if images > max(width, MOST_IMAGES):
            notify(Progress("train", backbone, note=f"all classifiers at once, on {width} features each"))
            return predict_all_held_out(features, ids, splits, settings.tasks, settings.reg_param), {}
        matrix = GramMatrix.of(ids, features)
        new_gram = to_row(key, matrix)
    parts = []
    tasks = sorted(set(splits["task"]))
    for done, task in enumerate(tasks, start=1):
        own = splits[splits["task"] == task]
        predicted = predict_held_out(matrix, own, settings.tasks[task], settings.reg_param)
        parts.append(predicted.assign(task=task))
        notify(Progress("train", backbone, done, len(tasks), "classifiers", note=task))
    return pd.concat(parts), new_gram
