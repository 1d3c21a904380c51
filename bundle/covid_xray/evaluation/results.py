"""What every classifier leaves behind, network or baseline: rows of `predictions` and of `metrics`."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from covid_xray.evaluation.metrics import estimates
from covid_xray.settings import Settings
from covid_xray.storage.frames import records
from covid_xray.storage.tables import Replacement, Tables

Kind = Literal["backbone", "baseline"]


def results(
    tables: Tables, run_id: str, kind: Kind, name: str, predictions: pd.DataFrame, settings: Settings
) -> dict[str, Replacement]:
    """Return the rows of one classifier in both tables; they take the place of what it left there before.

    Parameters
    ----------
    kind, name : str
        What the columns `kind` and `backbone` hold.
    predictions : pandas.DataFrame
        Columns `task`, `protocol`, `repeat`, `fold`, `image_id`, `patient_id`, `label`, `prediction` and
        `probability` (a list in the order of the task's classes): a row a repeat and held-out image.
    """
    key = {"run_id": run_id, "kind": kind, "backbone": name}
    where = {column: [value] for column, value in key.items()}
    where |= {column: sorted(set(predictions[column])) for column in ("task", "protocol")}
    held_out = [key | {"classes": list(settings.tasks[r["task"]])} | r for r in records(predictions)]
    metrics = [
        key
        | {"task": task, "protocol": protocol, "metric": found.metric, "class": found.class_}
        | {"value": found.value, "ci_low": found.ci_low, "ci_high": found.ci_high}
        | {"n": found.n, "n_patients": found.n_patients}
        for (task, protocol), part in predictions.groupby(["task", "protocol"])
        for found in estimates(part, settings.tasks[str(task)], settings.bootstrap_resamples, settings.seed)
    ]
    return {
        "predictions": (held_out, where),
        "metrics": (metrics, where),
    }
