"""Compute the features of images of the table `images` with a network, lazily and in chunks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from sparkdl.column import packed_features
from sparkdl.network import NetworkSpec
from sparkdl.weights import sha256_of

from covid_xray.errors import StageError
from covid_xray.features.preprocessing import preprocessed
from covid_xray.settings import Settings
from covid_xray.storage.tables import Tables


def weights_file(row: Mapping[str, Any]) -> Path:
    """Return the weights file that a run was featurized with.

    Parameters
    ----------
    row : mapping
        A row of the table `runs`.

    Raises
    ------
    StageError
        If the file is missing or has changed.
    """
    name, sha256 = row["backbone"], row["weights_id"]
    if row["weights_file"] is None:
        raise StageError(
            f"run {row['run_id']} was featurized by a version that did not record the weights file of "
            f"{name}: start a new run"
        )
    file = Path(row["weights_file"])
    actual = sha256_of(file) if file.is_file() else None
    if actual != sha256:
        state = f"has sha256 {actual[:12]}" if actual else "is missing"
        raise StageError(
            f"{name}: {file} {state}, but the run used weights with sha256 {sha256[:12]}: restore that file, "
            "or run featurize and train again"
        )
    return file


def features_of(
    tables: Tables, settings: Settings, ids: Sequence[str], backbone: str, weights: Path, pooling: str
) -> DataFrame:
    """Compute the features of the images `ids`, preprocessed as the settings say.

    Parameters
    ----------
    weights : Path
        A file that the workers can read.
    pooling : str
        As `Settings.pooling`.

    Returns
    -------
    DataFrame
        Columns `image_id`, `features` (binary: float32); images that cannot be decoded are left out.
    """
    execution = settings.execution
    images = tables.read("images").where(F.col("image_id").isin(list(ids))).select("image_id", "content")
    tasks = -(-len(ids) // execution.task_images)
    if tasks > 1:
        # An even number of tasks, so that the last round uses both of two cores.
        tasks += tasks % 2
    column = packed_features(
        preprocessed(F.col("content"), settings.preprocessing),
        NetworkSpec(backbone, str(weights), pooling, execution.threads),
        settings.scale_hint,
        execution.batch_size,
    )
    computed = images.repartition(tasks).select("image_id", column.alias("features"))
    return computed.where(F.col("features").isNotNull())


def chunked(ids: Sequence[str], size: int) -> list[Sequence[str]]:
    """Split into the fewest chunks of at most `size`, of equal length (within one).

    A full and a short chunk would leave cores idle at the end of each.
    """
    count = -(-len(ids) // size)
    bounds = [len(ids) * chunk // count for chunk in range(count + 1)]
    return [ids[start:end] for start, end in pairwise(bounds)]
