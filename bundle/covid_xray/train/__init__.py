"""Train: one backbone's classifiers on the splits of a run, and their figures on held-out images."""

from __future__ import annotations

from time import monotonic
from typing import Any

import pandas as pd
from pyspark.sql import functions as F

from covid_xray import runs
from covid_xray.featurize import features_of
from covid_xray.progress import Notify, Progress
from covid_xray.settings import Settings
from covid_xray.tables import Tables
from covid_xray.train.figures import figures
from covid_xray.train.held_out import predict_held_out
from covid_xray.train.matrix import collect_matrix
from covid_xray.train.rowspace import gram

_KIND = "backbone"


def train(tables: Tables, settings: Settings, run_id: str, backbone: str, notify: Notify) -> None:
    """Fit, predict what was held out, and write `predictions`, `metrics` and how the run ended.

    A backbone whose featurization failed is passed over: its rows say so already.
    """
    rows = [row for row in runs.state(tables, run_id, backbone) if row["status"] == runs.RUNNING]
    if not rows:
        notify(Progress("train", backbone, note="nothing to do"))
        return
    with runs.failures_recorded(tables, run_id, backbone):
        begun = monotonic()
        splits = tables.read("splits").where(F.col("run_id") == run_id).toPandas()
        splits = splits[splits["task"].isin([row["task"] for row in rows])]
        ids = sorted(set(splits["image_id"]))
        notify(Progress("train", backbone, note=f"reading the features of {len(ids)} images"))
        features = features_of(tables, backbone, rows[0]["weights_id"], settings.pooling)
        matrix = collect_matrix(features, ids, settings.execution.chunk_images)
        inner = gram(matrix)
        reading = monotonic() - begun
        predictions: list[pd.DataFrame] = []
        ended: list[dict[str, Any]] = []
        for done, row in enumerate(rows, start=1):
            begun = monotonic()
            of_task = splits[splits["task"] == row["task"]]
            classes = settings.tasks[row["task"]]
            predicted = predict_held_out(inner, matrix.shape[1], ids, of_task, classes, settings.reg_param)
            predictions.append(predicted.assign(task=row["task"]))
            ended.append(row | {"train_seconds": reading / len(rows) + monotonic() - begun})
            notify(Progress("train", backbone, done, len(rows), "classifiers", note=row["task"]))
        _write(tables, run_id, backbone, pd.concat(predictions), settings)
        runs.update(tables, ended, status=runs.SUCCEEDED)


def _write(tables: Tables, run_id: str, backbone: str, predictions: pd.DataFrame, settings: Settings) -> None:
    """Write all tasks of a backbone in one commit per table: commits are what a small run waits for."""
    key = {"run_id": run_id, "kind": _KIND, "backbone": backbone}
    where = {name: [value] for name, value in key.items()} | {"task": sorted(set(predictions["task"]))}
    held_out = [key | {"classes": list(settings.tasks[r["task"]])} | r for r in _records(predictions)]
    tables.replace("predictions", tables.rows("predictions", held_out), where)
    measured = [
        key
        | {"task": task, "protocol": protocol, "n_patients": int(part["patient_id"].nunique())}
        | {
            "metric": figure.metric,
            "class": figure.class_,
            "value": figure.value,
            "ci_low": figure.ci_low,
            "ci_high": figure.ci_high,
            "n": figure.n,
        }
        for task, of_task in predictions.groupby("task")
        for protocol, part in of_task.groupby("protocol")
        for figure in figures(part, settings.tasks[str(task)])
    ]
    tables.replace("metrics", tables.rows("metrics", measured), where)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    columns = {name: frame[name].tolist() for name in frame.columns}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
