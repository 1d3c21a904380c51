"""What a network makes of images of the table `images`, computed when the rows are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from sparkdl.column import packed_features
from sparkdl.network import NetworkSpec
from sparkdl.weights import sha256_of

from covid_xray.errors import StageError
from covid_xray.features.preprocessing import prepared
from covid_xray.settings import Settings
from covid_xray.storage.tables import Tables


def weights_file(row: Mapping[str, Any]) -> Path:
    """Return the weights that a run was featurized with, for who needs the network once more.

    Parameters
    ----------
    row : mapping
        Of the table `runs`.

    Raises
    ------
    StageError
        If the file is gone or has changed since.
    """
    name, sha256 = row["backbone"], row["weights_id"]
    if row["weights_file"] is None:
        raise StageError(
            f"run {row['run_id']} was featurized by a version that did not write where the weights of {name} "
            "are: begin a new run"
        )
    file = Path(row["weights_file"])
    found = sha256_of(file) if file.is_file() else None
    if found != sha256:
        there = f"has sha256 {found[:12]}" if found else "is gone"
        raise StageError(
            f"{name}: {file} {there}, but the run was made with weights {sha256[:12]}: put those back, or "
            "run featurize and train again"
        )
    return file


def features_of(
    tables: Tables, settings: Settings, ids: Sequence[str], backbone: str, weights: Path, pooling: str
) -> DataFrame:
    """Show the network the images `ids`, as the settings have them prepared.

    Parameters
    ----------
    weights : Path
        A file that the workers see.
    pooling : str
        As `Settings.pooling`.

    Returns
    -------
    DataFrame
        Columns `image_id`, `features` (binary: float32), without the images that cannot be decoded.
    """
    execution = settings.execution
    images = tables.read("images").where(F.col("image_id").isin(list(ids))).select("image_id", "content")
    tasks = -(-len(ids) // execution.task_images)
    if tasks > 1:
        # An odd one would be left over at the end, for one of two cores alone.
        tasks += tasks % 2
    column = packed_features(
        prepared(F.col("content"), settings.preprocessing),
        NetworkSpec(backbone, str(weights), pooling, execution.threads),
        settings.scale_hint,
        execution.batch_size,
    )
    computed = images.repartition(tasks).select("image_id", column.alias("features"))
    return computed.where(F.col("features").isNotNull())
