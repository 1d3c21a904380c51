"""Load a registered model as an MLflow Python function; the MLmodel file names this module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from pyspark.sql import SparkSession

from covid_xray.registry.saved import SavedModel, load

COLUMNS = ("prediction", "probability", "distance", "out_of_distribution")


class PythonFunction:
    """The object that `mlflow.pyfunc.load_model` wraps: encoded files in, one row per image out."""

    def __init__(self, model: SavedModel) -> None:
        self.model = model

    def predict(self, images: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Apply the model with the current Spark session.

        Parameters
        ----------
        images : pandas.DataFrame
            Column `content`: encoded files.
        params
            Not used; part of MLflow's interface.

        Returns
        -------
        pandas.DataFrame
            `COLUMNS`, in the order of `images`; null, and out of distribution, if an image cannot be decoded.
        """
        spark = SparkSession.builder.getOrCreate()
        rows = list(enumerate(map(bytes, images["content"])))
        frame = spark.createDataFrame(rows, "row INT, content BINARY")
        decoded = self.model.apply(frame).toPandas().set_index("row")
        predictions = decoded.reindex(range(len(images))).set_axis(images.index)
        outside = predictions["distance"].map(self.model.classifier.spread.is_outside)
        return predictions.assign(out_of_distribution=outside)[list(COLUMNS)]


def _load_pyfunc(path: str) -> PythonFunction:
    return PythonFunction(load(Path(path)))
