"""What MLflow is told of a model, in the run that it is logged in."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from covid_xray.registry.flavor import log_model
from covid_xray.registry.saved import CARD
from covid_xray.registry.versions import Record

FIGURES = "figures"

_NOT_IN_METRICS = re.compile(r"[^\w\-./: ]")


def log_record(mlflow: Any, record: Record, folder: Path) -> tuple[str, str]:
    """Log a record and the model in `folder` in the active run; return the model's URI and id."""
    mlflow.set_tags({"model": record.name, **record.identity, **record.tags})
    mlflow.log_params(record.parameters)
    mlflow.log_artifact(str(folder / CARD))
    _log_figures(mlflow, record)
    logged = log_model(mlflow, folder)
    # Not before the model: MLflow copies to it what the run has by then, and its SQLite store refuses copies
    # of many metrics as doubles (3.8.1).
    mlflow.log_metrics({_NOT_IN_METRICS.sub("_", key): value for key, value in record.metrics.items()})
    return logged


def _log_figures(mlflow: Any, record: Record) -> None:
    with TemporaryDirectory() as folder:
        for name, png in record.figures.items():
            (Path(folder) / name).write_bytes(png)
        mlflow.log_artifacts(folder, FIGURES)
