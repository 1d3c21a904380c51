"""Read the tables into what a page needs: small, plain values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from pyspark.sql import Window
from pyspark.sql import functions as F

from covid_xray import runs
from covid_xray.errors import StageError
from covid_xray.report.published import PUBLISHED_ACCURACY, PUBLISHED_RECALL
from covid_xray.tables import Tables

_FROM_RUNS = (
    *("backbone", "task", "run_id", "status", "error", "weights", "weights_id"),
    *("featurize_seconds", "featurized_images", "train_seconds"),
)


@dataclass(frozen=True)
class Value:
    """A figure with its 95 % interval, where it has one, the images behind it, and what was published."""

    value: float
    ci_low: float | None
    ci_high: float | None
    n: int
    published: float | None = None


@dataclass(frozen=True)
class ClassFigures:
    """Per-class figures by metric name."""

    label: str
    values: dict[str, Value]


@dataclass(frozen=True)
class Result:
    """One backbone on one task: a row of `runs` with its figures; these are empty unless it succeeded.

    Attributes
    ----------
    confusion : tuple of tuple of int
        Rows are the labels, columns the predictions, both in the order of `classes`; all repeats together.
    """

    backbone: str
    task: str
    run_id: str
    status: str
    error: str | None
    weights: str
    weights_id: str | None
    featurize_seconds: float | None
    featurized_images: int | None
    train_seconds: float | None
    classes: tuple[str, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()
    overall: dict[str, Value] | None = None
    per_class: tuple[ClassFigures, ...] = ()

    @property
    def accuracy(self) -> Value | None:
        """Share of held-out images that were classified rightly."""
        return (self.overall or {}).get("accuracy")

    @property
    def recall(self) -> Value | None:
        """Share of the held-out images of the positive class that were found."""
        return self.per_class[0].values.get("recall") if self.per_class else None


@dataclass(frozen=True)
class Counts:
    """Images and patients of a class: all, in training and held out (first repeat)."""

    task: str
    label: str
    images: int
    patients: int
    training: int
    held_out: int
    shared: int


@dataclass(frozen=True)
class Refused:
    """A file in quarantine."""

    path: str
    reason: str
    detail: str


@dataclass(frozen=True)
class Report:
    """All that a page shows. `results` are sorted by task and backbone."""

    run_id: str
    results: tuple[Result, ...]
    counts: tuple[Counts, ...]
    refused: tuple[Refused, ...]
    settings: dict[str, Any]
    versions: dict[str, str]
    git_commit: str | None

    @property
    def random(self) -> bool:
        """Whether any result rests on random weights."""
        return any(result.weights == "random" for result in self.results)


def collect(tables: Tables, run_id: str) -> Report:
    """Collect the rows of a run, and the successes of earlier runs from the same inputs.

    Raises
    ------
    StageError
        If there is no such run.
    """
    own = runs.state(tables, run_id)
    if not own:
        raise StageError(f"there is no run {run_id}: ingest comes first")
    shown = _shown(tables, own)
    predictions, metrics = (_of(tables, name, shown) for name in ("predictions", "metrics"))
    results = [_result(row, _rows_of(row, predictions), _rows_of(row, metrics)) for row in shown]
    return Report(
        run_id=run_id,
        results=tuple(sorted(results, key=lambda r: (r.task, r.backbone))),
        counts=tuple(_counts(tables, run_id)),
        refused=tuple(_refused(tables, run_id)),
        settings=json.loads(own[0]["settings"]),
        versions=json.loads(own[0]["versions"]),
        git_commit=own[0]["git_commit"],
    )


def _shown(tables: Tables, own: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Per backbone and task: this run's row; where it has none, the newest success with equal inputs."""
    newest = Window.partitionBy("backbone", "task").orderBy(F.desc("run_id"))
    same = tables.read("runs").where(
        (F.col("inputs_id") == own[0]["inputs_id"]) & (F.col("status") == runs.SUCCEEDED)
    )
    earlier = same.withColumn("place", F.row_number().over(newest)).where("place = 1").drop("place").collect()
    rows = {(row["backbone"], row["task"]): row.asDict() for row in earlier}
    return list((rows | {(row["backbone"], row["task"]): row for row in own}).values())


def _of(tables: Tables, table: str, shown: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Read the rows of all runs shown, at once: a query each would take longer than the rest of the page."""
    condition = (F.col("kind") == "backbone") & (F.col("protocol") == "as_published")
    wanted = sorted({row["run_id"] for row in shown})
    rows: pd.DataFrame = tables.read(table).where(condition & F.col("run_id").isin(wanted)).toPandas()
    return rows


def _rows_of(row: dict[str, Any], table: pd.DataFrame) -> pd.DataFrame:
    key = ["run_id", "backbone", "task"]
    return table.loc[(table[key] == [row[name] for name in key]).all(axis="columns")]


def _result(row: dict[str, Any], predictions: pd.DataFrame, metrics: pd.DataFrame) -> Result:
    known = {name: row[name] for name in _FROM_RUNS}
    if row["status"] != runs.SUCCEEDED:
        return Result(**known)
    classes = tuple(predictions["classes"].iloc[0])
    crossed = pd.crosstab(predictions["label"], predictions["prediction"])
    confusion = crossed.reindex(index=classes, columns=classes, fill_value=0).to_numpy()
    return Result(
        **known,
        classes=classes,
        confusion=tuple(tuple(int(count) for count in line) for line in confusion),
        overall=_values(metrics[metrics["class"].isna()], row, None),
        per_class=tuple(
            ClassFigures(label, _values(metrics[metrics["class"] == label], row, label)) for label in classes
        ),
    )


def _values(metrics: pd.DataFrame, row: dict[str, Any], label: str | None) -> dict[str, Value]:
    found = {}
    for record in metrics.to_dict("records"):
        metric = str(record["metric"])
        low, high = (None if pd.isna(record[name]) else float(record[name]) for name in ("ci_low", "ci_high"))
        published = _published(metric, row["backbone"], row["task"], label)
        found[metric] = Value(float(record["value"]), low, high, int(record["n"]), published)
    return found


def _published(metric: str, backbone: str, task: str, label: str | None) -> float | None:
    if metric == "accuracy":
        return PUBLISHED_ACCURACY.get((backbone, task))
    return PUBLISHED_RECALL.get((backbone, task, label)) if metric == "recall" and label else None


def _counts(tables: Tables, run_id: str) -> list[Counts]:
    rows = tables.read("splits").where((F.col("run_id") == run_id) & (F.col("repeat") == 0)).toPandas()
    counts = []
    for (task, label), part in rows.groupby(["task", "label"]):
        held_out = part["fold"].notna()
        training = set(rows.loc[(rows["task"] == task) & rows["fold"].isna(), "patient_id"])
        shared = int(part.loc[held_out, "patient_id"].isin(training).sum())
        patients = int(part["patient_id"].nunique())
        images, out = len(part), int(held_out.sum())
        counts.append(Counts(str(task), str(label), images, patients, images - out, out, shared))
    return counts


def _refused(tables: Tables, run_id: str) -> list[Refused]:
    rows = tables.read("quarantine").where(F.col("run_id") == run_id).orderBy("reason", "path").collect()
    return [Refused(row["path"], row["reason"], row["detail"] or "") for row in rows]
