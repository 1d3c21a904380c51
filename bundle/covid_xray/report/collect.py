"""Read the tables into what a page needs: small, plain values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from pyspark.sql import functions as F

from covid_xray import runs
from covid_xray.audit import sources
from covid_xray.compare.fused import FUSED
from covid_xray.protocols import AS_PUBLISHED
from covid_xray.report.published import PUBLISHED_ACCURACY, PUBLISHED_RECALL
from covid_xray.report.values import Comparison, Counts, Flow, Measured, Refused, Report, Result, Value
from covid_xray.tables import Tables

_FROM_RUNS = (
    *("task", "run_id", "status", "error", "weights", "weights_id"),
    *("featurize_seconds", "featurized_images", "train_seconds"),
)
_KEY = ("kind", "backbone", "task")
_COMPARED = tuple(Comparison.__dataclass_fields__)

_Parts = Mapping[tuple[str, ...], pd.DataFrame]


def collect(tables: Tables, run_id: str) -> Report:
    """Collect the rows of a run, and the successes of earlier runs from the same inputs.

    Raises
    ------
    StageError
        If there is no such run.
    """
    shown = runs.shown(tables, run_id)
    own = next(row for row in shown if row["run_id"] == run_id)
    settings = json.loads(own["settings"])
    splits = tables.read("splits").where(F.col("run_id") == run_id).toPandas()
    refused = tables.read("quarantine").where(F.col("run_id") == run_id).orderBy("reason", "path").collect()
    results = _results(tables, run_id, shown, settings)
    return Report(
        run_id=run_id,
        results=tuple(sorted(results, key=lambda r: (r.task, r.kind, r.name == FUSED, r.name))),
        comparisons=tuple(_comparisons(tables, run_id)),
        counts=tuple(_counts(splits)),
        flow=_flow(splits, [row["reason"] for row in refused]),
        refused=tuple(Refused(row["path"], row["reason"], row["detail"] or "") for row in refused),
        sources=_sources(tables, run_id),
        settings=settings,
        versions=json.loads(own["versions"]),
        git_commit=own["git_commit"],
    )


def _results(
    tables: Tables, run_id: str, shown: Sequence[dict[str, Any]], settings: Mapping[str, Any]
) -> list[Result]:
    """Return a result for each row of `runs` shown, and for what has none: baselines, and `FUSED`."""
    predictions, metrics = (_parts(tables, name, shown) for name in ("predictions", "metrics"))
    known = {("backbone", row["backbone"], row["task"]): row for row in shown}
    others = [key[1:] for key in metrics if key[0] == run_id and key[1:] not in known]
    found = []
    for kind, name, task in [*known, *others]:
        row = known.get((kind, name, task))
        about = (
            {column: row[column] for column in _FROM_RUNS} if row else _without_row(run_id, name, task, shown)
        )
        key = (about["run_id"], kind, name, task)
        done = about["status"] == runs.SUCCEEDED and key in metrics
        measured = _measured(predictions[key], metrics[key]) if done else {}
        classes = tuple(settings["tasks"][task])
        found.append(Result(kind=kind, name=name, classes=classes, measured=measured, **about))
    return found


def _without_row(run_id: str, name: str, task: str, shown: Sequence[dict[str, Any]]) -> dict[str, Any]:
    used = {row["weights"] for row in shown if row["task"] == task and name == FUSED}
    # One network with random weights among others makes the whole of it suspect.
    weights = "random" if "random" in used else ", ".join(sorted(filter(None, used)))
    return {"task": task, "run_id": run_id, "status": runs.SUCCEEDED, "weights": weights}


def _parts(tables: Tables, table: str, shown: Sequence[dict[str, Any]]) -> _Parts:
    """Read the rows of all runs shown, at once: a query each would take longer than the rest of the page."""
    rows = tables.read(table).where(F.col("run_id").isin(sorted({row["run_id"] for row in shown})))
    if table == "predictions":
        rows = rows.where(F.col("repeat") == 0)
    parts: Any = rows.toPandas().groupby(["run_id", *_KEY])
    return dict(list(parts))


def _measured(predictions: pd.DataFrame, metrics: pd.DataFrame) -> dict[str, Measured]:
    by_protocol = dict(list(predictions.groupby("protocol")))
    found = {}
    for protocol, rows in metrics.groupby("protocol"):
        per_class: dict[str, dict[str, Value]] = {}
        overall: dict[str, Value] = {}
        for record in rows.to_dict("records"):
            where = overall if pd.isna(record["class"]) else per_class.setdefault(record["class"], {})
            where[str(record["metric"])] = _value(record)
        held_out = by_protocol[protocol].sort_values("image_id", ignore_index=True)
        found[str(protocol)] = Measured(overall, per_class, held_out)
    return found


def _value(record: Mapping[Any, Any]) -> Value:
    low, high = (None if pd.isna(record[name]) else float(record[name]) for name in ("ci_low", "ci_high"))
    published = _published(record) if record["protocol"] == AS_PUBLISHED else None
    return Value(float(record["value"]), low, high, int(record["n"]), int(record["n_patients"]), published)


def _published(record: Mapping[Any, Any]) -> float | None:
    key = record["backbone"], record["task"]
    if record["metric"] == "accuracy":
        return PUBLISHED_ACCURACY.get(key)
    return PUBLISHED_RECALL.get((*key, record["class"])) if record["metric"] == "recall" else None


def _comparisons(tables: Tables, run_id: str) -> list[Comparison]:
    rows = tables.read("comparisons").where(F.col("run_id") == run_id)
    ordered = rows.orderBy("task", "protocol", "second_kind", "first", "second").select(*_COMPARED)
    return [Comparison(**row.asDict()) for row in ordered.collect()]


def _counts(splits: pd.DataFrame) -> list[Counts]:
    rows = splits[(splits["repeat"] == 0) & (splits["protocol"] == AS_PUBLISHED)]
    counts = []
    for (task, label), part in rows.groupby(["task", "label"]):
        held_out = part["fold"].notna()
        training = set(rows.loc[(rows["task"] == task) & rows["fold"].isna(), "patient_id"])
        shared = int(part.loc[held_out, "patient_id"].isin(training).sum())
        patients = int(part["patient_id"].nunique())
        counts.append(Counts(str(task), str(label), len(part), patients, int(held_out.sum()), shared))
    return counts


def _flow(splits: pd.DataFrame, reasons: Sequence[str]) -> Flow:
    used = splits.drop_duplicates("image_id")
    classes = used.groupby("patient_id")["label"].nunique()
    refused = {reason: reasons.count(reason) for reason in sorted(set(reasons))}
    return Flow(refused, len(used), len(classes), int((classes > 1).sum()))


def _sources(tables: Tables, run_id: str) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for label, source, count in sources(tables, run_id).itertuples(index=False):
        counts.setdefault(str(label), {})[str(source)] = int(count)
    return counts
