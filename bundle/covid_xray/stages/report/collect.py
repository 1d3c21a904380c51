"""Read the tables into what a page needs: small, plain values."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pandas as pd
from pyspark.sql import functions as F

from covid_xray.dataset.collection import collections
from covid_xray.evaluation.protocols import AS_PUBLISHED
from covid_xray.evaluation.read_results import read_results
from covid_xray.evaluation.results_model import Result
from covid_xray.features.fused import FUSED
from covid_xray.stages.report.values import Comparison, Counts, Flow, Refused, Report
from covid_xray.stages.report.variants import read_variants
from covid_xray.storage import runs
from covid_xray.storage.tables import Tables

_COMPARED = tuple(Comparison.__dataclass_fields__)


def collect(tables: Tables, run_id: str) -> Report:
    """Collect the rows of a run, the successes of earlier runs from the same inputs, and their variants.

    Raises
    ------
    StageError
        If there is no such run.
    """
    shown = runs.shown(tables, run_id)
    own = next(row for row in shown if row["run_id"] == run_id)
    variants = read_variants(tables, shown)
    others = {row["run_id"] for row in variants}
    results = read_results(tables, run_id, [*shown, *variants])
    splits = tables.read("splits").where(F.col("run_id") == run_id).toPandas()
    refused = tables.read("quarantine").where(F.col("run_id") == run_id).orderBy("reason", "path").collect()
    return Report(
        run_id=run_id,
        results=tuple(sorted((r for r in results if r.run_id not in others), key=_order)),
        comparisons=tuple(_comparisons(tables, run_id)),
        counts=tuple(_counts(splits)),
        flow=_flow(splits, [row["reason"] for row in refused]),
        refused=tuple(Refused(row["path"], row["reason"], row["detail"] or "") for row in refused),
        sources=_sources(tables, run_id),
        settings=json.loads(own["settings"]),
        versions=json.loads(own["versions"]),
        git_commit=own["git_commit"],
        variants={(r.name, r.task): r for r in results if r.run_id in others},
    )


def _order(result: Result) -> tuple[str, str, bool, str]:
    return result.task, result.kind, result.name == FUSED, result.name


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


def sources(tables: Tables, run_id: str) -> pd.DataFrame:
    """Count the images of a run by class and collection.

    Where each class has collections of its own, a classifier of collections cannot be told from one of
    disease.

    Returns
    -------
    pandas.DataFrame
        Columns `label`, `source`, `images`; no rows where file names are pseudonyms.
    """
    facts = runs.images_of(tables, run_id).select("label", "path").toPandas()
    source = collections(facts["path"])
    if source is None:
        return pd.DataFrame(columns=["label", "source", "images"])
    return facts.assign(source=source).groupby(["label", "source"]).size().reset_index(name="images")
