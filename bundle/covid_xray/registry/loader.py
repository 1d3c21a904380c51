"""Load a registered model as an MLflow Python function; the MLmodel file names this module."""

from __future__ import annotations

import os
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pandas as pd

from covid_xray.errors import ModelError
from covid_xray.registry.in_process import Prediction, predict
from covid_xray.registry.saved import SavedModel, load

COLUMNS = tuple(field.name for field in fields(Prediction))


class PythonFunction:
    """The object that `mlflow.pyfunc.load_model` wraps: encoded files in, one row per image out.

    It needs no Spark: the network is computed in this process.
    """

    def __init__(self, model: SavedModel) -> None:
        self.model = model

    def predict(self, images: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Apply the model.

        Parameters
        ----------
        images : pandas.DataFrame
            Column `content`: encoded files; null counts as a file that is refused.
        params
            Not used; part of MLflow's interface.

        Returns
        -------
        pandas.DataFrame
            `COLUMNS`, in the order of `images`; null, and out of distribution, if an image is refused as no
            X-ray.

        Raises
        ------
        ModelError
            If `content` holds something else.
        """
        nothing = {**dict.fromkeys(COLUMNS), "out_of_distribution": True}
        files = [_file(value) for value in images["content"]]
        found = predict(self.model, files, os.cpu_count() or 1)
        rows = [
            nothing if one is None else {**asdict(one), "probability": list(one.probability)} for one in found
        ]
        # As objects: a null among numbers would be NaN, which is no JSON.
        return pd.DataFrame(rows, images.index, list(COLUMNS), dtype=object)


def _file(value: Any) -> bytes | None:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return None
    raise ModelError(
        f"the column content holds {type(value).__name__}, and takes the bytes of encoded files: give "
        "Path(...).read_bytes()"
    )


def _load_pyfunc(path: str) -> PythonFunction:
    return PythonFunction(load(Path(path)))
