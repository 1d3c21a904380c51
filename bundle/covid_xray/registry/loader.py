"""How MLflow opens a registered model as a Python function: named in the model's MLmodel file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from pyspark.sql import SparkSession

from covid_xray.registry.saved import SavedModel, load

COLUMNS = ("prediction", "probability", "distance", "out_of_distribution")


class PythonFunction:
    """What `mlflow.pyfunc.load_model` wraps: encoded files in, a row an image out."""

    def __init__(self, model: SavedModel) -> None:
        self.model = model

    def predict(self, images: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Apply the model with the Spark session at hand.

        Parameters
        ----------
        images : pandas.DataFrame
            Column `content`: files as bytes.
        params
            MLflow's, of which there are none.

        Returns
        -------
        pandas.DataFrame
            `COLUMNS`, in the order of `images`; null, and out of distribution, where there is no picture.
        """
        spark = SparkSession.builder.getOrCreate()
        rows = list(enumerate(map(bytes, images["content"])))
        frame = spark.createDataFrame(rows, "place INT, content BINARY")
        decoded = self.model.apply(frame).toPandas().set_index("place")
        found = decoded.reindex(range(len(images))).set_axis(images.index)
        unlike = found["distance"].map(self.model.classifier.spread.is_outside)
        return found.assign(out_of_distribution=unlike)[list(COLUMNS)]


def _load_pyfunc(path: str) -> PythonFunction:
    return PythonFunction(load(Path(path)))
