"""Log models to MLflow.

The model flavor is a Python function whose data are plain files (`saved`), not `mlflow.spark`. The latter
uses the JVM, needs a folder shared by driver and executors for every save and load, and could not load from
Unity Catalog volumes on clusters with dedicated access mode, which the ML runtime requires
(https://github.com/mlflow/mlflow/issues/18668). A function given by its module (`loader_module`) has none of
these requirements, is the same on a laptop and in a workspace, and contains no pickle.
"""

from __future__ import annotations

import logging
import os
import re
import warnings
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from covid_xray.registry.saved import CARD, CARRIED
from covid_xray.registry.versions import Record

FIGURES = "figures"

_INVALID_IN_METRIC_NAMES = re.compile(r"[^\w\-./: ]")
_LOADER = "covid_xray.registry.loader"
# Requirements of a model, without this project's own wheel, which is in no package index, and without Spark.
_REQUIRED = (
    "tensorflow-cpu",
    "tensorflow",
    "keras",
    "h5py",
    "numpy",
    "scipy",
    "pandas",
    "pillow",
    "pydantic",
    "pydicom",
)
# Of this project, what `_LOADER` imports.
_IMPORTED = ("covid_xray", "logistic", "radiograph", "sparkdl")
# Disable MLflow's telemetry, progress bars and log messages.
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
}


def import_mlflow() -> Any:
    """Import MLflow without output and telemetry; called lazily, as the import takes seconds."""
    os.environ.update(_QUIET)
    import mlflow
    import mlflow.pyfunc

    # Alembic logs every migration step when MLflow creates its database.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return mlflow


def log_record(mlflow: Any, record: Record, folder: Path) -> tuple[str, str]:
    """Log a record and the model in `folder` to the active run; return the model's URI and id."""
    mlflow.set_tags({"model": record.name, **record.identity, **record.tags})
    mlflow.log_params(record.parameters)
    mlflow.log_artifact(str(folder / CARD))
    _log_figures(mlflow, record)
    logged = _log_model(mlflow, folder)
    # After the model: MLflow copies existing metrics of the run to the model, and its SQLite store rejects
    # copies of many metrics as duplicates (3.8.1).
    mlflow.log_metrics(
        {_INVALID_IN_METRIC_NAMES.sub("_", key): value for key, value in record.metrics.items()}
    )
    return logged


def _log_figures(mlflow: Any, record: Record) -> None:
    with TemporaryDirectory() as folder:
        for name, png in record.figures.items():
            (Path(folder) / name).write_bytes(png)
        mlflow.log_artifacts(folder, FIGURES)


def _log_model(mlflow: Any, folder: Path) -> tuple[str, str]:
    """Log the model that `saved.save` wrote to `folder`; return its URI and id."""
    with warnings.catch_warnings():
        # MLflow warns that there is no input example; it would be an X-ray.
        warnings.simplefilter("ignore")
        info = mlflow.pyfunc.log_model(
            name="model",
            loader_module=_LOADER,
            data_path=str(folder),
            signature=_signature(),
            pip_requirements=_requirements(),
            # A model that is to be held elsewhere brings the packages that its loader imports.
            code_paths=_packages() if (folder / CARRIED).is_dir() else None,
        )
    return info.model_uri, info.model_id


def data_of(folder: Path) -> Path:
    """Return the folder with the files of `saved.save` in the folder of a logged model."""
    # Not with MLflow's own reader, which would take %41 in a path for an A.
    model = yaml.safe_load((folder / "MLmodel").read_text(encoding="utf-8"))
    return folder / str(model["flavors"]["python_function"]["data"])


def _signature() -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types.schema import Array, ColSpec, DataType, Schema, TensorSpec

    outputs: list[ColSpec | TensorSpec] = [
        ColSpec(DataType.string, "prediction", required=False),
        ColSpec(Array(DataType.double), "probability", required=False),
        ColSpec(DataType.double, "distance", required=False),
        ColSpec(DataType.boolean, "out_of_distribution"),
    ]
    return ModelSignature(Schema([ColSpec(DataType.binary, "content")]), Schema(outputs))


def _packages() -> list[str]:
    found = [find_spec(name) for name in _IMPORTED]
    return [str(Path(str(spec.origin)).parent) for spec in found if spec is not None]


def _requirements() -> list[str]:
    pinned = []
    for name in _REQUIRED:
        try:
            pinned.append(f"{name}=={version(name)}")
        except PackageNotFoundError:
            continue
    return pinned
