"""Retrain a network's classifiers on pictures with parts hidden: what they still reach, they owe to the rest.

Features, folds and penalty are those of `featurize` and `train`; only the pictures differ
(`radiograph.OCCLUSIONS`). The results stand in `predictions` and `metrics` under the network's name, the
column `kind` names the occlusion.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from covid_xray.evaluation.folds import Folds
from covid_xray.evaluation.results import results
from covid_xray.evaluation.solver import classifiers
from covid_xray.features.compute import weights_file
from covid_xray.features.fill import fill, stored_ids
from covid_xray.features.key import feature_key
from covid_xray.progress import Notify, Progress, counted
from covid_xray.settings import Settings
from covid_xray.storage import runs
from covid_xray.storage.tables import Tables


def occlude(tables: Tables, run_id: str, backbone: str, notify: Notify) -> None:
    """Write predictions and metrics for each occlusion of this network that the settings of the run name.

    Raises
    ------
    StageError
        If features have to be computed, and the run's weights file is missing or has changed.
    """
    rows = [row for row in runs.state(tables, run_id, backbone) if row["status"] == runs.SUCCEEDED]
    if not rows:
        return
    settings = runs.settings_of(rows)
    if not (names := settings.occlusions_of(backbone)):
        return
    splits = tables.matching("splits", {"run_id": run_id}).toArrow().to_pandas()
    own = splits[splits["task"].isin([row["task"] for row in rows])]
    folds = Folds.of(own, settings.tasks, settings.is_balanced)
    for name in names:
        _occlude(tables, settings.with_occlusion(name), rows, folds, notify)


def _occlude(
    tables: Tables, settings: Settings, rows: Sequence[dict[str, Any]], folds: Folds, notify: Notify
) -> None:
    run_id, backbone, name = rows[0]["run_id"], rows[0]["backbone"], settings.preprocessing

    def note(text: str) -> None:
        notify(Progress("explain", backbone, note=f"{name}: {text}"))

    key = feature_key(settings, backbone, rows[0]["weights_id"])
    missing = sorted(set(folds.ids) - stored_ids(tables, key))
    # Features of other weights are others: then the results are too.
    if not missing and set(folds.tasks) <= _tasks_with_results(tables, run_id, backbone, name):
        return note("nothing to do")
    if missing:
        _featurize(tables, settings, rows[0], missing, notify)
    fitted = classifiers(tables, [key], folds, settings, note)
    predictions = folds.predictions(fitted.probabilities())
    tables.replace_each(results(tables, run_id, name, backbone, predictions, settings))
    return note(counted(len(folds.fits), "classifier"))


def _featurize(
    tables: Tables, settings: Settings, row: dict[str, Any], missing: Sequence[str], notify: Notify
) -> None:
    backbone = row["backbone"]
    key = feature_key(settings, backbone, row["weights_id"])

    def said(done: int, seconds: float) -> None:
        progress = Progress(
            "explain", backbone, done, len(missing), "images", seconds, settings.preprocessing
        )
        notify(progress)

    fill(tables, settings, key, weights_file(row), missing, said)


def _tasks_with_results(tables: Tables, run_id: str, backbone: str, kind: str) -> set[str]:
    """Return the tasks that have rows in both tables."""
    where = {"run_id": run_id, "backbone": backbone, "kind": kind}
    found = [
        {row["task"] for row in tables.matching(table, where).select("task").distinct().collect()}
        for table in ("predictions", "metrics")
    ]
    return set.intersection(*found)
