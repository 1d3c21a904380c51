"""The models behind a run's held-out predictions once more: they are not kept, and cost next to nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from logistic.feature_rows import FeatureRows
from pyspark.sql import functions as F

from covid_xray.evaluation.cross_validation import Fold, folds
from covid_xray.evaluation.protocols import INTERNAL
from covid_xray.features.collect import collect_rows
from covid_xray.features.gram import GramMatrix, stored_gram
from covid_xray.features.key import feature_key
from covid_xray.settings import Settings
from covid_xray.storage.tables import Tables

# The one that is explained.
REPEAT = 0


@dataclass(frozen=True)
class Refitted:
    """A network's models.

    Attributes
    ----------
    features : FeatureRows
        What they were fitted on: of all images of the tasks.
    gram : GramMatrix
        Of these features.
    folds : sequence of (str, Fold)
        With their tasks.
    """

    features: FeatureRows
    gram: GramMatrix
    folds: Sequence[tuple[str, Fold]]


def refit(tables: Tables, settings: Settings, rows: Sequence[Mapping[str, Any]]) -> Refitted:
    """Fit the folds of one repeat of each task's strictest protocol, exactly as `train` did.

    Parameters
    ----------
    rows : sequence of mapping
        Rows of `runs` of one run and network, one for each task.
    """
    of_run = (F.col("run_id") == rows[0]["run_id"]) & (F.col("repeat") == REPEAT)
    drawn = tables.read("splits").where(of_run).toPandas()
    splits = {row["task"]: strictest(drawn[drawn["task"] == row["task"]]) for row in rows}
    ids = sorted(set(pd.concat(splits.values())["image_id"]))
    key = feature_key(settings, rows[0]["backbone"], rows[0]["weights_id"])
    features = collect_rows(tables.matching("features", key), ids)
    gram = stored_gram(tables, key, ids) or GramMatrix.of(ids, features)
    fitted = [
        (task, fold)
        for task, of_task in splits.items()
        for fold in folds(gram, of_task, settings.tasks[task], settings.reg_param)
    ]
    return Refitted(features, gram, fitted)


def strictest(splits: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the strictest protocol among them."""
    there = set(splits["protocol"])
    return splits[splits["protocol"] == next(protocol for protocol in INTERNAL if protocol in there)]
