"""What MLflow is told of a model, and in which form it keeps it.

It is a Python function whose data are plain files (`saved`), not `mlflow.spark`. That one goes through the
JVM, needs a folder shared by driver and executors for every save and load, and on the kind of cluster that
the ML runtime wants (dedicated access) it did not load from Unity Catalog volumes
(https://github.com/mlflow/mlflow/issues/18668). A function that is named by its module (`loader_module`)
needs none of that, is the same on a laptop and in a workspace, and holds no pickle.
"""

from __future__ import annotations

import logging
import os
import re
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from covid_xray.registry.saved import CARD
from covid_xray.registry.versions import Record

FIGURES = "figures"

_NOT_IN_METRICS = re.compile(r"[^\w\-./: ]")
_LOADER = "covid_xray.registry.loader"
# What a model needs beside this project's own wheel, which no index has.
_NEEDED = ("pyspark", "tensorflow-cpu", "tensorflow", "keras", "h5py", "numpy", "scipy", "pandas", "pyarrow")
# Nothing is sent anywhere but to the store, and nothing printed but what this project prints.
_SILENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
}


def silent_mlflow() -> Any:
    """Import MLflow, which takes seconds, so that it neither talks nor reports."""
    os.environ.update(_SILENT)
    import mlflow
    import mlflow.pyfunc

    # It tells every step of making its database.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return mlflow


def log_record(mlflow: Any, record: Record, folder: Path) -> tuple[str, str]:
    """Log a record and the model in `folder` in the active run; return the model's URI and id."""
    mlflow.set_tags({"model": record.name, **record.identity, **record.tags})
    mlflow.log_params(record.parameters)
    mlflow.log_artifact(str(folder / CARD))
    _log_figures(mlflow, record)
    logged = _log_model(mlflow, folder)
    # Not before the model: MLflow copies to it what the run has by then, and its SQLite store refuses copies
    # of many metrics as doubles (3.8.1).
    mlflow.log_metrics({_NOT_IN_METRICS.sub("_", key): value for key, value in record.metrics.items()})
    return logged


def _log_figures(mlflow: Any, record: Record) -> None:
    with TemporaryDirectory() as folder:
        for name, png in record.figures.items():
            (Path(folder) / name).write_bytes(png)
        mlflow.log_artifacts(folder, FIGURES)


def _log_model(mlflow: Any, folder: Path) -> tuple[str, str]:
    """Log the model that `saved.save` has written to `folder`; return its URI and id."""
    with warnings.catch_warnings():
        # MLflow asks for an example, which would be an X-ray.
        warnings.simplefilter("ignore")
        info = mlflow.pyfunc.log_model(
            name="model",
            loader_module=_LOADER,
            data_path=str(folder),
            signature=_signature(),
            pip_requirements=_requirements(),
        )
    return info.model_uri, info.model_id


def data_of(mlflow: Any, folder: Path) -> Path:
    """Return where, in the folder of a logged model, the files of `saved.save` are."""
    return folder / str(mlflow.models.Model.load(str(folder)).flavors["python_function"]["data"])


def _signature() -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types.schema import Array, ColSpec, DataType, Schema, TensorSpec

    outputs: list[ColSpec | TensorSpec] = [
        ColSpec(DataType.string, "prediction"),
        ColSpec(Array(DataType.double), "probability"),
        ColSpec(DataType.double, "distance"),
        ColSpec(DataType.boolean, "out_of_distribution"),
    ]
    return ModelSignature(Schema([ColSpec(DataType.binary, "content")]), Schema(outputs))


def _requirements() -> list[str]:
    found = []
    for name in _NEEDED:
        try:
            found.append(f"{name}=={version(name)}")
        except PackageNotFoundError:
            continue
    return found
