"""What a network makes of images of the table `images`, computed when the rows are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from sparkdl.column import packed_features
from sparkdl.network import Recipe

from covid_xray.features.preprocessing import prepared
from covid_xray.settings import Settings
from covid_xray.storage.tables import Tables


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
        Recipe(backbone, str(weights), pooling, execution.threads),
        settings.scale_hint,
        execution.batch_size,
    )
    computed = images.repartition(tasks).select("image_id", column.alias("features"))
    return computed.where(F.col("features").isNotNull())
