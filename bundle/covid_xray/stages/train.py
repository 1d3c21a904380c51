"""Train: cross-validate one backbone's classifiers on the splits of a run, and compute their metrics."""

from __future__ import annotations

from time import monotonic

from covid_xray.evaluation.folds import Folds
from covid_xray.evaluation.results import results
from covid_xray.evaluation.solver import classifiers
from covid_xray.evaluation.splits import check_no_leaks
from covid_xray.features.key import feature_key
from covid_xray.progress import Notify, Progress
from covid_xray.storage import runs
from covid_xray.storage.tables import Tables


def train(tables: Tables, run_id: str, backbone: str, notify: Notify) -> None:
    """Fit, predict the held-out images, and write `predictions`, `metrics` and the status of the run.

    A backbone whose featurization failed is skipped: its rows are marked as failed already.
    """
    rows = [row for row in runs.state(tables, run_id, backbone) if row["status"] == runs.RUNNING]
    if not rows:
        notify(Progress("train", backbone, note="nothing to do"))
        return
    with runs.record_failures(tables, run_id, backbone):
        start = monotonic()
        settings = runs.settings_of(rows)
        splits = tables.matching("splits", {"run_id": run_id}).toArrow().to_pandas()
        splits = splits[splits["task"].isin([row["task"] for row in rows])]
        check_no_leaks(splits)
        key = feature_key(settings, backbone, rows[0]["weights_id"])
        folds = Folds.of(splits, settings.tasks, settings.is_balanced)
        fitted = classifiers(
            tables, [key], folds, settings, lambda note: notify(Progress("train", backbone, note=note))
        )
        predictions = folds.predictions(fitted.probabilities())
        done = len(folds.fits)
        notify(Progress("train", backbone, done, done, "classifiers", monotonic() - start))
        seconds = (monotonic() - start) / len(rows)
        tables.replace_each(results(tables, run_id, "backbone", backbone, predictions, settings))
        runs.update(tables, [row | {"train_seconds": seconds} for row in rows], status=runs.SUCCEEDED)
