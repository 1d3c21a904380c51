"""Refit the models behind a run's held-out predictions: they are not stored, and refitting is cheap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from logistic.feature_rows import FeatureRows
from pyspark.sql import functions as F

from covid_xray.evaluation.cross_validation import Fold, fit_folds
from covid_xray.evaluation.protocols import INTERNAL
from covid_xray.features.gram import GramMatrix, read_features
from covid_xray.features.key import feature_key
from covid_xray.settings import Settings
from covid_xray.storage.tables import Tables

# The repeat that is explained.
REPEAT = 0


@dataclass(frozen=True)
class Refitted:
    """The refitted models of a network.

    Attributes
    ----------
    features : FeatureRows
        Of all images of the tasks.
    gram : GramMatrix
        Of `features`.
    folds : sequence of (str, Fold)
        Each fold with its task.
    """

    features: FeatureRows
    gram: GramMatrix
    folds: Sequence[tuple[str, Fold]]


def refit(tables: Tables, settings: Settings, rows: Sequence[Mapping[str, Any]]) -> Refitted:
    """Fit the folds of one repeat of each task's strictest protocol, exactly as `train` does.

    Parameters
    ----------
    rows : sequence of mapping
        Rows of `runs` of one run and network, one per task.
    """
    of_run = tables.matching("splits", {"run_id": rows[0]["run_id"]})
    run_splits = of_run.where(F.col("repeat") == REPEAT).toPandas()
    splits = {row["task"]: strictest(run_splits[run_splits["task"] == row["task"]]) for row in rows}
    ids = sorted(set(pd.concat(splits.values())["image_id"]))
    key = feature_key(settings, rows[0]["backbone"], rows[0]["weights_id"])
    features, gram = read_features(tables, key, ids)
    fitted = [
        (task, fold)
        for task, task_splits in splits.items()
        for fold in fit_folds(gram, task_splits, settings.tasks[task], settings.reg_param)
    ]
    return Refitted(features, gram, fitted)


def strictest(splits: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the strictest protocol in `splits`."""
    present = set(splits["protocol"])
    return splits[splits["protocol"] == next(protocol for protocol in INTERNAL if protocol in present)]
