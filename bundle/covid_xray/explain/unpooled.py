"""The network's last map of some images, where `features` holds only its means."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pyspark.sql import functions as F
from sparkdl.backbones import backbone as network
from sparkdl.column import packed_features
from sparkdl.network import Recipe

from covid_xray.preprocessing import prepared
from covid_xray.settings import Settings
from covid_xray.tables import Tables
from covid_xray.train.collect import collect_rows


def unpooled(
    tables: Tables, settings: Settings, backbone: str, weights: Path, ids: Sequence[str]
) -> npt.NDArray[np.float32]:
    """Show the network the images `ids` again.

    Returns
    -------
    ndarray of float32, shape (len(ids), cells, channels)
        In their order.

    Raises
    ------
    StageError
        If an image is gone or cannot be opened any more.
    """
    execution = settings.execution
    images = tables.read("images").where(F.col("image_id").isin(list(ids))).select("image_id", "content")
    column = packed_features(
        prepared(F.col("content"), settings.preprocessing),
        Recipe(backbone, str(weights), "none", execution.threads),
        settings.scale_hint,
        execution.batch_size,
    )
    tasks = -(-len(ids) // execution.task_images)
    seen = images.repartition(tasks).select("image_id", column.alias("features"))
    rows = collect_rows(seen.where(F.col("features").isNotNull()), ids)
    found = np.empty(rows.shape, np.float32)
    for places, piece in zip(rows.places, rows.pieces, strict=True):
        found[places] = piece
    return found.reshape(len(ids), -1, network(backbone).channels)
