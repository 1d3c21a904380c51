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
        shared = (monotonic() - begun) / len(rows)
        for done, row in enumerate(rows, start=1):
            begun = monotonic()
            task = str(row["task"])
            predictions = predict_held_out(
                inner,
                matrix.shape[1],
                ids,
                splits[splits["task"] == task],
                settings.tasks[task],
                settings.reg_param,
            )
            _write(tables, row, predictions, settings)
            runs.update(tables, [row], status=runs.SUCCEEDED, train_seconds=shared + monotonic() - begun)
            notify(Progress("train", backbone, done, len(rows), "classifiers", note=task))


def _write(tables: Tables, row: dict[str, Any], predictions: pd.DataFrame, settings: Settings) -> None:
    key = {"run_id": row["run_id"], "kind": _KIND, "backbone": row["backbone"], "task": row["task"]}
    where = {name: [value] for name, value in key.items()}
    classes = list(settings.tasks[row["task"]])
    held_out = [key | {"classes": classes} | record for record in _records(predictions)]
    tables.replace("predictions", tables.rows("predictions", held_out), where)
    measured = [
        key
        | {
            "protocol": protocol,
            "metric": figure.metric,
            "class": figure.class_,
            "value": figure.value,
            "ci_low": figure.ci_low,
            "ci_high": figure.ci_high,
            "n": figure.n,
            "n_patients": int(part["patient_id"].nunique()),
        }
        for protocol, part in predictions.groupby("protocol")
        for figure in figures(part, classes)
    ]
    tables.replace("metrics", tables.rows("metrics", measured), where)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    columns = {name: frame[name].tolist() for name in frame.columns}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
