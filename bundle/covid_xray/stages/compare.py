"""Compare: fuse the networks, and compare all pairs of networks and the best baseline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pandas as pd
from pyspark.sql import functions as F

from covid_xray.evaluation.folds import Folds
from covid_xray.evaluation.pairwise import Classifier, Predictions, comparisons
from covid_xray.evaluation.protocols import INTERNAL
from covid_xray.evaluation.results import results
from covid_xray.evaluation.solver import classifiers
from covid_xray.features.gram import FUSED
from covid_xray.features.key import feature_key
from covid_xray.progress import Notify, Progress
from covid_xray.settings import Settings
from covid_xray.storage import runs
from covid_xray.storage.tables import Tables

_COLUMNS = ["kind", "backbone", "task", "protocol", "repeat", "fold", "image_id", "patient_id", "label"]


def compare(tables: Tables, run_id: str, notify: Notify) -> None:
    """Write predictions and metrics of the fused networks, and the table `comparisons`.

    Networks without results are left out; fusion needs at least two networks.
    """
    rows = runs.rows_with_reused(tables, run_id)
    settings = runs.settings_of([row for row in rows if row["run_id"] == run_id])
    succeeded = [row for row in rows if row["status"] == runs.SUCCEEDED]
    if not succeeded:
        notify(Progress("compare", note="no network has succeeded: nothing to compare"))
        return
    fused = _fuse(tables, settings, run_id, succeeded, notify)
    if not fused.empty:
        tables.replace_each(results(tables, run_id, "backbone", FUSED, fused, settings))
    predictions = _predictions(tables, run_id, succeeded)
    pairs = [
        {"run_id": run_id, "task": task, "protocol": protocol} | row
        for (task, protocol), part in predictions.groupby(["task", "protocol"])
        for row in comparisons(_by_classifier(part), settings.bootstrap_resamples, settings.seed)
    ]
    tables.replace("comparisons", pairs, where={"run_id": [run_id]})
    notify(Progress("compare", note=f"{len(pairs)} pairs of classifiers"))


def _fuse(
    tables: Tables, settings: Settings, run_id: str, succeeded: Sequence[dict[str, Any]], notify: Notify
) -> pd.DataFrame:
    """Cross-validate on the fused features of all networks, for each task with at least two networks."""
    tasks_of = defaultdict(list)
    for task in settings.tasks:
        keys = [(row["backbone"], row["weights_id"]) for row in succeeded if row["task"] == task]
        if len(keys) > 1:
            tasks_of[tuple(sorted(keys))].append(task)
    splits = tables.matching("splits", {"run_id": run_id}).toArrow().to_pandas()
    parts = []
    for networks, tasks in tasks_of.items():
        folds = Folds.of(splits[splits["task"].isin(tasks)], settings.tasks, settings.is_balanced)
        feature_keys = [feature_key(settings, *network) for network in networks]
        fitted = classifiers(
            tables, feature_keys, folds, settings, lambda note: notify(Progress("compare", FUSED, note=note))
        )
        parts.append(folds.predictions(fitted.probabilities()))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _predictions(tables: Tables, run_id: str, succeeded: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Return the held-out predictions of the networks that succeeded, of `FUSED` and of the baselines."""
    networks = {(row["run_id"], row["backbone"], row["task"]) for row in succeeded}
    of_runs = F.col("run_id").isin(sorted({run_id, *(run for run, _, _ in networks)}))
    stored_rows = tables.read("predictions").where(of_runs & F.col("protocol").isin(*INTERNAL))
    rows: pd.DataFrame = stored_rows.select("run_id", *_COLUMNS, "prediction").toArrow().to_pandas()
    # With parts of the pictures hidden, too.
    of_network = pd.MultiIndex.from_frame(rows[["run_id", "backbone", "task"]]).isin(networks)
    own = (rows["run_id"] == run_id) & ((rows["kind"] == "baseline") | (rows["backbone"] == FUSED))
    return rows[own.to_numpy() | of_network]


def _by_classifier(rows: pd.DataFrame) -> Predictions:
    parts: Any = rows.groupby(["kind", "backbone"])
    return {Classifier(kind, name): part for (kind, name), part in parts}
