"""The MLflow record of a model: parameters, metrics, figures and provenance."""

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

_TAGS = ("run_id", "backbone", "task", "weights", "git_commit")


def record_of(
    name: str,
    row: Mapping[str, Any],
    settings: Settings,
    metrics: pd.DataFrame,
    figures: Mapping[str, bytes],
    against: str = "",
) -> Record:
    """Assemble the record of one model.

    Parameters
    ----------
    name : str
        Name of the registered model.
    row : mapping
        Its row of `runs`.
    metrics : pandas.DataFrame
        Its rows of `metrics`.
    figures : mapping of str to bytes
        PNG files by name.
    against : str
        As of `PromotionCriteria`.
    """
    return Record(
        name=name,
        title=f"{row['backbone']} {row['task']}",
        identity=identity_of(row),
        parameters=_parameters(settings),
        metrics=_metric_values(metrics),
        tags={key: row[key] for key in _TAGS if row[key]} | {"code_id": code_id()},
        version_tags=criteria_of(row["weights"], metrics, against).tags() | {"run_id": row["run_id"]},
        figures=figures,
    )


def identity_of(row: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags that identify a model among those of the same name: its inputs and weights."""
    return {"inputs_id": row["inputs_id"], "weights_id": row["weights_id"]}


def criteria_of(weights: str, metrics: pd.DataFrame, against: str = "") -> PromotionCriteria:
    """Return the promotion criteria of a model with this kind of weights."""
    where = (metrics["protocol"] == PATIENT_GROUPED) & (metrics["metric"] == "accuracy")
    if not where.any():
        return PromotionCriteria(weights, against=against)
    accuracy = metrics[where].iloc[0]
    high = None if pd.isna(accuracy["ci_high"]) else float(accuracy["ci_high"])
    return PromotionCriteria(weights, float(accuracy["value"]), high, against)


def _parameters(settings: Settings) -> dict[str, str]:
    values = settings.model_dump(mode="json", exclude={"execution"})
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


def _metric_values(metrics: pd.DataFrame) -> dict[str, float]:
    """Return metrics and their confidence limits: `patient_grouped.recall.Covid-19`, `....ci_low`."""
    values: dict[str, float] = {}
    for row in metrics.to_dict("records"):
        name = ".".join(filter(None, (row["protocol"], row["metric"], row["class"])))
        limits = {name: row["value"], f"{name}.ci_low": row["ci_low"], f"{name}.ci_high": row["ci_high"]}
        values |= {key: float(value) for key, value in limits.items() if pd.notna(value)}
    return values
