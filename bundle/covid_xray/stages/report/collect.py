"""Read what a page shows from the tables: this run, its images, and runs to show beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import pandas as pd
from pyspark.sql import functions as F

from covid_xray.dataset.known import tell_sources
from covid_xray.evaluation.protocols import AS_PUBLISHED
from covid_xray.evaluation.results import read_results
from covid_xray.evaluation.results_model import Result
from covid_xray.features.gram import FUSED
from covid_xray.stages.report.values import UNKNOWN, Comparison, Counts, Flow, Refused, Report
from covid_xray.storage import runs
from covid_xray.storage.tables import Tables

_COMPARED = tuple(Comparison.__dataclass_fields__)

_Row = Mapping[str, Any]


def collect(tables: Tables, run_id: str) -> Report:
    """Collect the rows of a run, the successes of earlier runs from the same inputs, and their variants.

    Raises
    ------
    StageError
        If there is no such run.
    """
    shown = runs.rows_with_reused(tables, run_id)
    own = next(row for row in shown if row["run_id"] == run_id)
    variants = read_variants(tables, shown)
    others = {row["run_id"] for row in variants}
    results = read_results(tables, run_id, [*shown, *variants])
    splits = tables.matching("splits", {"run_id": run_id}).toPandas()
    images, dataset = tell_sources(runs.images_of(tables, run_id).drop("content").toPandas())
    refused = tables.matching("quarantine", {"run_id": run_id}).orderBy("reason", "path").collect()
    return Report(
        run_id=run_id,
        results=tuple(sorted((r for r in results if r.run_id not in others), key=_order)),
        comparisons=tuple(_comparisons(tables, run_id)),
        counts=tuple(_counts(splits)),
        flow=_flow(splits, [row["reason"] for row in refused]),
        refused=tuple(Refused(row["path"], row["reason"], row["detail"] or "") for row in refused),
        sources=count_sources(images),
        settings=json.loads(own["settings"]),
        versions=json.loads(own["versions"]),
        git_commit=own["git_commit"],
        variants={(r.name, r.task): r for r in results if r.run_id in others},
        dataset=dataset,
    )


def _order(result: Result) -> tuple[str, str, bool, str]:
    return result.task, result.kind, result.name == FUSED, result.name


def _comparisons(tables: Tables, run_id: str) -> list[Comparison]:
    rows = tables.matching("comparisons", {"run_id": run_id})
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


def count_sources(images: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Count the images of each class and source; nothing where no source is known.

    Parameters
    ----------
    images : pandas.DataFrame
        Columns `label` and `source`, which may be null.
    """
    if images["source"].isna().all():
        return {}
    counts: dict[str, dict[str, int]] = {}
    known = images.assign(source=images["source"].fillna(UNKNOWN))
    for (label, source), part in known.groupby(["label", "source"]):
        counts.setdefault(str(label), {})[str(source)] = len(part)
    return counts


def read_variants(tables: Tables, shown: Sequence[_Row]) -> list[_Row]:
    """Return, for each row of `runs` that is shown, the newest success with the other `preprocessing`."""
    successes = tables.read("runs").where(F.col("status") == runs.SUCCEEDED).orderBy("updated_at").collect()
    pairs = pairs_of_variants(shown, [row.asDict() for row in successes])
    folds = _folds(tables, sorted({row["run_id"] for pair in pairs for row in pair})) if pairs else {}
    same = [(own, other) for own, other in pairs if _drawn(folds, own) == _drawn(folds, other)]
    return list({(own["backbone"], own["task"]): other for own, other in same}.values())


def pairs_of_variants(shown: Sequence[_Row], successes: Sequence[_Row]) -> list[tuple[_Row, _Row]]:
    """Pair rows of one network, task and weights whose settings are equal but for `preprocessing`."""
    own = {_but_preprocessing(row): row for row in shown if row["status"] == runs.SUCCEEDED}
    pairs = [(own.get(_but_preprocessing(row)), row) for row in successes]
    return [(one, other) for one, other in pairs if one and _preprocessing(one) != _preprocessing(other)]


def _but_preprocessing(row: _Row) -> tuple[str, ...]:
    settings = json.loads(row["settings"])
    # How the work was cut up changes no result.
    counts = {name: value for name, value in settings.items() if name not in ("preprocessing", "execution")}
    key = itemgetter("backbone", "task", "weights_id")(row)
    return *key, json.dumps(counts, sort_keys=True)


def _preprocessing(row: _Row) -> str:
    return str(json.loads(row["settings"])["preprocessing"])


def _folds(tables: Tables, run_ids: Sequence[str]) -> dict[tuple[str, str], tuple[int, int]]:
    """Return, by run and task, a hash of the images, their patients and the folds that hold them out."""
    row = F.xxhash64("protocol", "repeat", "fold", "image_id", "label", "patient_id")
    drawn = tables.read("splits").where(F.col("run_id").isin(list(run_ids)))
    hashed = drawn.groupBy("run_id", "task").agg(F.count("*"), F.bit_xor(row)).collect()
    return {(run_id, task): (count, value) for run_id, task, count, value in hashed}


def _drawn(folds: Mapping[tuple[str, str], tuple[int, int]], row: _Row) -> tuple[int, int] | None:
    return folds.get((row["run_id"], row["task"]))
