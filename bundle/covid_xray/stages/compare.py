"""Compare: fuse the networks, compare all pairs of them and the best baseline, and measure them in strata."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pandas as pd
from pyspark.sql import functions as F

from covid_xray.dataset.attributes import ATTRIBUTES
from covid_xray.dataset.known import tell_sources
from covid_xray.evaluation.folds import Folds
from covid_xray.evaluation.pairwise import Classifier, Predictions, comparisons
from covid_xray.evaluation.protocols import INTERNAL
from covid_xray.evaluation.results import results
from covid_xray.evaluation.solver import classifiers
from covid_xray.evaluation.strata import any_known, known_under, strata_rows
from covid_xray.features.gram import FUSED
from covid_xray.features.key import feature_key
from covid_xray.progress import Notify, Progress, counted
from covid_xray.settings import Settings
from covid_xray.storage import runs
from covid_xray.storage.tables import Tables

_COLUMNS = ["kind", "backbone", "task", "protocol", "repeat", "fold", "image_id", "patient_id", "label"]


def compare(tables: Tables, run_id: str, notify: Notify) -> None:
    """Write predictions and metrics of the fused networks, and the tables `comparisons` and `strata`.

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
    if strata := _strata(tables, settings, run_id, predictions):
        tables.replace("strata", strata, where={"run_id": [run_id], "protocol": list(INTERNAL)})
    notify(Progress("compare", note=f"{counted(len(pairs), 'pair')} of classifiers compared"))


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


def _strata(
    tables: Tables, settings: Settings, run_id: str, predictions: pd.DataFrame
) -> list[dict[str, Any]]:
    """Return rows of `strata` of each network, if images have any."""
    columns = ("image_id", "label", "path", "patient_id", "source", *ATTRIBUTES)
    stored = runs.images_of(tables, run_id).select(*columns).toArrow().to_pandas()
    images, _ = tell_sources(stored)
    if not any_known(images):
        return []
    rows = []
    # One network after the other: probabilities of all at once could fill the memory.
    networks: Any = predictions[predictions["kind"] == "backbone"].groupby(["run_id", "backbone"])
    for (run, name), part in networks:
        for protocol, known in known_under(set(part["protocol"]), images):
            key = {"run_id": run, "kind": "backbone", "backbone": name, "protocol": protocol}
            found = tables.matching("predictions", key).toArrow().to_pandas()
            own = found[found["task"].isin(set(part["task"]))]
            rows += strata_rows(run_id, name, own, known, settings)
    return rows


def _by_classifier(rows: pd.DataFrame) -> Predictions:
    parts: Any = rows.groupby(["kind", "backbone"])
    return {Classifier(kind, name): part for (kind, name), part in parts}
