"""Train a Keras model with several settings, each in a task of its own on the workers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sparkdl.errors import SparkdlError, one_line
from sparkdl.keras_image import loaded_by
from sparkdl.keras_model import load_model
from sparkdl.model_file import ModelFile, check_model_file
from sparkdl.params import ImageLoader
from sparkdl.runtime import network_settings, tensorflow

_TRAINED = "place INT, model BINARY"
_ARROW_TRAINED = pa.schema([("place", pa.int32()), ("model", pa.binary())])


@dataclass(frozen=True)
class Training:
    """How a model is trained.

    Attributes
    ----------
    optimizer, loss : str
        Names of Keras.
    arguments : dict
        Of Keras's `Model.fit`.
    """

    optimizer: str
    loss: str
    arguments: dict[str, Any]


def train_each(
    rows: DataFrame, model_file: str, loader: ImageLoader, trainings: Sequence[Training]
) -> dict[int, bytes]:
    """Train the model of a file once for each training, at the same time.

    Parameters
    ----------
    rows : DataFrame
        Columns `uri` (string) and `label` (array of float).

    Returns
    -------
    dict of int to bytes
        By the place of a training: the content of the .keras file of its model. Empty if no image could be
        loaded.

    Raises
    ------
    PythonException
        With the message of a SparkdlError, if Keras cannot train it, or an image is no input of it.
    """
    places = F.explode(F.array(*map(F.lit, range(len(trainings)))))
    # By range: hashed, some models would share a partition while other cores are idle.
    each = rows.withColumn("place", places).repartitionByRange(len(trainings), "place")
    trainer = _trainer(check_model_file(model_file), loader, trainings)
    trained = each.groupBy("place").applyInArrow(trainer, _TRAINED).toArrow()
    return {row["place"]: row["model"] for row in trained.to_pylist()}


def _trainer(
    file: ModelFile, loader: ImageLoader, trainings: Sequence[Training]
) -> Callable[[pa.Table], pa.Table]:
    load = loaded_by(loader, file.input_shape)

    def train(rows: pa.Table) -> pa.Table:
        place = rows["place"][0].as_py()
        pairs = [(load(row["uri"]), row["label"]) for row in rows.select(["uri", "label"]).to_pylist()]
        known = [(image, label) for image, label in pairs if image is not None]
        if not known:
            return pa.Table.from_pylist([], _ARROW_TRAINED)
        images, labels = np.stack([image for image, _ in known]), _stacked([label for _, label in known])
        content = _train(str(file.path), trainings[place], images, labels)
        return pa.Table.from_pylist([{"place": place, "model": content}], _ARROW_TRAINED)

    return train


def _stacked(labels: list[list[float]]) -> Any:
    lengths = sorted({len(label) for label in labels})
    if len(lengths) > 1:
        found = " and ".join(map(str, lengths))
        raise SparkdlError(f"labels must be arrays of one length, not of {found}")
    return np.array(labels)


def _train(file: str, training: Training, images: Any, labels: Any) -> bytes:
    tensorflow()
    with network_settings() as keras:
        model = load_model(keras, file)
        try:
            model.compile(optimizer=training.optimizer, loss=training.loss)
            model.fit(images, labels, **training.arguments)
        except (ValueError, TypeError) as error:
            raise SparkdlError(
                f"Keras cannot train {file} with {training.optimizer}, {training.loss} and "
                f"{training.arguments}: {one_line(error)}"
            ) from None
        with TemporaryDirectory() as folder:
            saved = Path(folder) / "model.keras"
            model.save(saved)
            content = saved.read_bytes()
        keras.utils.clear_session()
    return content
