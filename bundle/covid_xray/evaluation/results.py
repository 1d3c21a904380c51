"""The results of networks and baselines: written to `predictions` and `metrics`, and read from there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from pyspark.sql import functions as F
from radiograph import OCCLUSIONS
from sparkdl.precision import FLOAT32

from covid_xray.evaluation.metrics import Estimate, estimates
from covid_xray.evaluation.results_model import Comparison, ProtocolResult, Result, Value
from covid_xray.features.gram import FUSED
from covid_xray.settings import Settings
from covid_xray.storage import runs
from covid_xray.storage.frames import to_arrow
from covid_xray.storage.tables import LocalRows, Replacement, Tables

# `backbone`, `baseline`, or the occlusion with which a network's classifiers were trained.
Kind = str
# From predictions, classes, resamples and seed.
Measure = Callable[[pd.DataFrame, Sequence[str], int, int], Iterable[Estimate]]

_FROM_RUNS = (
    *("task", "run_id", "status", "error", "weights", "weights_id"),
    *("featurize_seconds", "featurized_images", "train_seconds"),
)
_COMPARED = tuple(Comparison.__dataclass_fields__)
_KEY = ("run_id", "kind", "backbone", "task")

_Parts = Mapping[tuple[str, ...], pd.DataFrame]
_Row = Mapping[str, Any]


def results(
    tables: Tables,
    run_id: str,
    kind: Kind,
    name: str,
    predictions: pd.DataFrame,
    settings: Settings,
    measure: Measure = estimates,
) -> dict[str, Replacement]:
    """Return the rows of one classifier in both tables; they replace those that it has there.

    Parameters
    ----------
    kind, name : str
        What the columns `kind` and `backbone` hold.
    predictions : pandas.DataFrame
        Columns `task`, `protocol`, `repeat`, `fold`, `image_id`, `patient_id`, `label`, `prediction` and
        `probability` (a list in the order of the task's classes): a row a repeat and held-out image.
    measure : callable
        What is measured, as `estimates`.
    """
    key = {"run_id": run_id, "kind": kind, "backbone": name}
    where = {column: [value] for column, value in key.items()}
    where |= {column: sorted(set(predictions[column])) for column in ("task", "protocol")}
    metrics = [
        key
        | {"task": task, "protocol": protocol, "metric": found.metric, "class": found.class_}
        | {"value": found.value, "ci_low": found.ci_low, "ci_high": found.ci_high}
        | {"n": found.n, "n_patients": found.n_patients}
        for (task, protocol), part in predictions.groupby(["task", "protocol"])
        for found in measure(part, settings.tasks[str(task)], settings.bootstrap_resamples, settings.seed)
    ]
    return {
        "predictions": (_held_out(key, predictions, settings.tasks), where),
        "metrics": (metrics, where),
    }


def together(each: Sequence[Mapping[str, Replacement]]) -> dict[str, Replacement]:
    """Return the rows of several classifiers, at least one, as one replacement a table: one commit each."""
    merged: dict[str, Replacement] = {}
    for table in each[0]:
        rows, where = zip(*(replacement[table] for replacement in each), strict=True)
        values = {column: sorted({value for one in where for value in one[column]}) for column in where[0]}
        merged[table] = (_concatenated(rows), values)
    return merged


def read_results(tables: Tables, run_id: str, rows: Sequence[_Row]) -> list[Result]:
    """Return a result for each row of `runs`, and for what has none.

    These are the baselines of run `run_id` and its `FUSED`, and what networks reach with parts hidden.

    Parameters
    ----------
    rows : sequence of mapping
        Of any runs, at least one of them of `run_id`.
    """
    predictions, metrics = (_parts(tables, name, rows) for name in ("predictions", "metrics"))
    known: dict[tuple[str, ...], dict[str, Any]] = {
        (row["run_id"], "backbone", row["backbone"], row["task"]): _of_row(row) for row in rows
    }
    named = {key[1:] for key in known}
    rowless = [key for key in metrics if (key[0] == run_id or key[1] in OCCLUSIONS) and key[1:] not in named]
    known |= {key: _without_row(key, rows) for key in rowless}
    found = []
    for key, about in known.items():
        done = about["status"] == runs.SUCCEEDED and key in metrics
        by_protocol = _by_protocol(predictions[key], metrics[key]) if done else {}
        found.append(Result(kind=key[1], name=key[2], by_protocol=by_protocol, **about))
    return found


def read_comparisons(tables: Tables, run_id: str) -> list[Comparison]:
    """Return the rows of the table `comparisons` of a run, sorted."""
    rows = tables.matching("comparisons", {"run_id": run_id})
    ordered = rows.orderBy("task", "protocol", "second_kind", "first", "second").select(*_COMPARED)
    return [Comparison(**row.asDict()) for row in ordered.collect()]


def _concatenated(each: Sequence[LocalRows]) -> LocalRows:
    if isinstance(each[0], pa.Table):
        return pa.concat_tables(each)
    return list(chain.from_iterable(each))


def are_of(metrics: pd.DataFrame, backbone: str) -> pd.Series[bool]:
    """Return which rows of `metrics` are a network's own, and not those that it has with parts hidden."""
    return (metrics["kind"] == "backbone") & (metrics["backbone"] == backbone)


def _held_out(
    key: Mapping[str, str], predictions: pd.DataFrame, tasks: Mapping[str, Sequence[str]]
) -> pa.Table:
    """Return rows of the table `predictions`, which keep once what is the same in all rows, or of a task."""
    rows, names = to_arrow(predictions), sorted(set(predictions["task"]))
    task = pd.Categorical(predictions["task"], categories=names).codes
    rows = rows.append_column("classes", _one_of([list(tasks[name]) for name in names], task))
    for column, value in key.items():
        rows = rows.append_column(column, _one_of([value], np.zeros(len(predictions), np.int8)))
    return rows


def _one_of(values: Sequence[Any], places: npt.NDArray[np.int8]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(places), pa.array(values))


def _of_row(row: _Row) -> dict[str, Any]:
    return {name: row[name] for name in _FROM_RUNS} | _of_settings(row, row["task"])


def _without_row(key: tuple[str, ...], rows: Sequence[_Row]) -> dict[str, Any]:
    run_id, kind, name, task = key
    own = next(row for row in rows if row["run_id"] == run_id)
    about = {"task": task, "run_id": run_id, "status": runs.SUCCEEDED} | _of_settings(own, task)
    if kind == "baseline":
        # It is shown whole pictures in every run.
        return about | {"preprocessing": "plain", "precision": FLOAT32, "dimensionality": None}
    used = {row["weights"] for row in rows if row["task"] == task and name in (FUSED, row["backbone"])}
    if kind in OCCLUSIONS:
        about["preprocessing"] = kind
    # One network with random weights among others makes the whole of it suspect.
    weights = "random" if "random" in used else ", ".join(sorted(filter(None, used)))
    return about | {"weights": weights}


def _of_settings(row: _Row, task: str) -> dict[str, Any]:
    settings = json.loads(row["settings"])
    return {
        "classes": tuple(settings["tasks"][task]),
        "preprocessing": settings["preprocessing"],
        # Runs of earlier versions say nothing of them.
        "precision": settings.get("precision", FLOAT32),
        "dimensionality": settings.get("dimensionality"),
    }


def _parts(tables: Tables, table: str, shown: Sequence[_Row]) -> _Parts:
    """Read the rows of all runs shown, at once: a query each would take longer than the rest of the page."""
    rows = tables.read(table).where(F.col("run_id").isin(sorted({row["run_id"] for row in shown})))
    if table == "predictions":
        rows = rows.where(F.col("repeat") == 0)
    parts: Any = rows.toArrow().to_pandas().groupby(list(_KEY))
    return dict(list(parts))


def _by_protocol(predictions: pd.DataFrame, metrics: pd.DataFrame) -> dict[str, ProtocolResult]:
    held_out = dict(list(predictions.groupby("protocol")))
    found = {}
    for protocol, rows in metrics.groupby("protocol"):
        per_class: dict[str, dict[str, Value]] = {}
        overall: dict[str, Value] = {}
        for record in rows.to_dict("records"):
            where = overall if pd.isna(record["class"]) else per_class.setdefault(record["class"], {})
            where[str(record["metric"])] = to_value(record)
        ordered = held_out[protocol].sort_values("image_id", ignore_index=True)
        found[str(protocol)] = ProtocolResult(overall, per_class, ordered)
    return found


def to_value(record: Mapping[Any, Any]) -> Value:
    """Return the metric of a row of the table `metrics`, or of another with these columns."""
    low, high = (None if pd.isna(record[name]) else float(record[name]) for name in ("ci_low", "ci_high"))
    return Value(float(record["value"]), low, high, int(record["n"]), int(record["n_patients"]))
