"""What is told of a model when it is logged: settings, figures, where it comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from covid_xray.evaluation.protocols import PATIENT_GROUPED
from covid_xray.registry.promotion import PromotionCriteria
from covid_xray.registry.versions import Record
from covid_xray.settings import Settings
from covid_xray.software import code_id

_TOLD = ("run_id", "backbone", "task", "weights", "git_commit")


def record_of(
    name: str,
    row: Mapping[str, Any],
    settings: Settings,
    metrics: pd.DataFrame,
    figures: Mapping[str, bytes],
) -> Record:
    """Put together what is logged of one model.

    Parameters
    ----------
    name : str
        Of the registered model.
    row : mapping
        Its row of `runs`.
    metrics : pandas.DataFrame
        Its rows of `metrics`.
    figures : mapping of str to bytes
        Its pictures.
    """
    return Record(
        name=name,
        title=f"{row['backbone']} {row['task']}",
        identity=identity_of(row),
        parameters=_parameters(settings),
        metrics=_figures(metrics),
        tags={key: row[key] for key in _TOLD if row[key]} | {"code_id": code_id()},
        version_tags=criteria_of(row["weights"], metrics).tags() | {"run_id": row["run_id"]},
        figures=figures,
    )


def identity_of(row: Mapping[str, Any]) -> dict[str, str]:
    """Return what models of one name share only if they are the same: all inputs, and the weights."""
    return {"inputs_id": row["inputs_id"], "weights_id": row["weights_id"]}


def criteria_of(weights: str, metrics: pd.DataFrame) -> PromotionCriteria:
    """Return what a model of this kind of weights is judged by."""
    where = (metrics["protocol"] == PATIENT_GROUPED) & (metrics["metric"] == "accuracy")
    if not where.any():
        return PromotionCriteria(weights)
    found = metrics[where].iloc[0]
    high = None if pd.isna(found["ci_high"]) else float(found["ci_high"])
    return PromotionCriteria(weights, float(found["value"]), high)


def _parameters(settings: Settings) -> dict[str, str]:
    values = settings.model_dump(mode="json", exclude={"execution"})
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


def _figures(metrics: pd.DataFrame) -> dict[str, float]:
    """Return figures and the ends of their intervals: `patient_grouped.recall.Covid-19`, `....ci_low`."""
    found: dict[str, float] = {}
    for row in metrics.to_dict("records"):
        name = ".".join(filter(None, (row["protocol"], row["metric"], row["class"])))
        ends = {name: row["value"], f"{name}.ci_low": row["ci_low"], f"{name}.ci_high": row["ci_high"]}
        found |= {key: float(end) for key, end in ends.items() if pd.notna(end)}
    return found
