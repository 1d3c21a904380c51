"""Apply a model to files in chunks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic
from typing import Any

import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from radiograph import Reason, Refused, Xray, pixel_id, signature

from covid_xray.dataset.decode import decode_files, to_dataframe
from covid_xray.features.compute import chunked
from covid_xray.progress import Notify, Progress
from covid_xray.registry.on_spark import apply
from covid_xray.registry.saved import SavedModel
from covid_xray.settings import Settings
from covid_xray.storage.tables import Tables

_NOT_DECODED = "the network's decoder cannot read it"
_DECODED = [("content", pa.binary()), ("pixel_id", pa.string()), ("signature", pa.binary())]


@dataclass(frozen=True)
class Known:
    """Pictures that a model must not be applied to.

    Attributes
    ----------
    pixel_ids : frozenset of str
        As `radiograph.pixel_id` makes them.
    why : str
        The detail of the refusal as a duplicate.
    """

    pixel_ids: frozenset[str]
    why: str


def apply_model(
    tables: Tables,
    settings: Settings,
    model: SavedModel,
    files: pd.DataFrame,
    known: Known,
    stage: str,
    notify: Notify,
) -> Iterator[pd.DataFrame]:
    """Yield a model's predictions for files, in chunks as `chunked` makes them.

    Parameters
    ----------
    files : pandas.DataFrame
        Columns `path`, `file`, `image_id`.
    stage : str
        Name of the stage in progress messages.

    Yields
    ------
    pandas.DataFrame
        Columns `path`, `image_id`, `pixel_id`, `signature`, `reason`, `detail`, `prediction`, `probability`,
        `distance`, sorted by path, one row per file. `pixel_id`, `signature` and the last three are null if
        the file was refused.
    """
    start, done, paths = monotonic(), 0, files["path"].tolist()
    for chunk in chunked(paths, settings.execution.chunk_images) if paths else ():
        yield _apply_to_chunk(tables, settings, model, files[files["path"].isin(chunk)], known)
        done += len(chunk)
        about = model.about
        subject = f"{about.backbone} {about.task}"
        notify(Progress(stage, subject, done, len(paths), "files", seconds=monotonic() - start))


def _apply_to_chunk(
    tables: Tables, settings: Settings, model: SavedModel, files: pd.DataFrame, known: Known
) -> pd.DataFrame:
    # A refused file has null content, for which the model returns null.
    images = _decode(tables.spark, files, known, settings.execution.task_images)
    predictions = apply(model, images).toPandas()
    not_decoded = predictions["reason"].isna() & predictions["prediction"].isna()
    predictions.loc[not_decoded, ["reason", "detail"]] = [str(Reason.unreadable), _NOT_DECODED]
    return predictions.sort_values("path", ignore_index=True)


def _decode(spark: SparkSession, files: pd.DataFrame, known: Known, task_images: int) -> DataFrame:
    """Decode files, `task_images` per Spark task.

    Returns
    -------
    DataFrame
        Columns `path`, `image_id`, `pixel_id`, `signature`, `content` (an image that the networks' decoder
        can read), `reason`, `detail`; either `content` or `reason` is null.
    """

    def values(xray: Xray) -> dict[str, Any]:
        own = pixel_id(xray.picture)
        if own in known.pixel_ids:
            raise Refused(Reason.duplicate, known.why)
        return {"content": xray.content(), "pixel_id": own, "signature": signature(xray.picture)}

    rows = to_dataframe(spark, files).repartition(-(-len(files) // task_images))
    return decode_files(rows, _DECODED, values)
