"""Refit the models behind a run's held-out predictions: they are not stored, and refitting is cheap."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from logistic.classes import LinearModel
from logistic.rows import Rows
from pyspark.sql import functions as F

from covid_xray.evaluation.folds import Folds
from covid_xray.evaluation.protocols import INTERNAL
from covid_xray.evaluation.solver import classifiers
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
    folds : Folds
    models : sequence of LinearModel
        Of each fit of the folds.
    rows : Rows
        The features of all images of the folds.
    """

    folds: Folds
    models: Sequence[LinearModel]
    rows: Rows


def refit(
    tables: Tables, settings: Settings, rows: Sequence[Mapping[str, Any]], say: Callable[[str], None]
) -> Refitted:
    """Fit the folds of one repeat of each task's strictest protocol, to the minimum that `train` finds.

    Parameters
    ----------
    rows : sequence of mapping
        Rows of `runs` of one run and network, one per task.
    """
    of_run = tables.matching("splits", {"run_id": rows[0]["run_id"]})
    run_splits = of_run.where(F.col("repeat") == REPEAT).toArrow().to_pandas()
    splits = [strictest(run_splits[run_splits["task"] == row["task"]]) for row in rows]
    folds = Folds.of(pd.concat(splits), settings.tasks, settings.is_balanced)
    key = feature_key(settings, rows[0]["backbone"], rows[0]["weights_id"])
    fitted = classifiers(tables, [key], folds, settings, say)
    return Refitted(folds, fitted.models(folds.fits), fitted.rows)


def strictest(splits: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the strictest protocol in `splits`."""
    present = set(splits["protocol"])
    return splits[splits["protocol"] == next(protocol for protocol in INTERNAL if protocol in present)]
