"""Compute the features of images of the table `images` with a network, lazily and in chunks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from sparkdl.column import packed_features
from sparkdl.network import NetworkSpec
from sparkdl.weights import sha256_of

from covid_xray.errors import StageError
from covid_xray.features.networks import network_of
from covid_xray.features.preprocessing import preprocessed
from covid_xray.settings import Settings
from covid_xray.storage.tables import Tables

# Chunks of a network's images, and so its commits, however many images there are.
MOST_CHUNKS = 50
# A query with a list of 20,000 ids takes 15 s or more, with a join 2 s. A list of few ids is as fast as that,
# and tells Delta which files to leave unread wherever the ids lie.
_LISTED_IDS = 1000


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
    recorded = Path(row["weights_file"])
    # The folder of the run may have been moved or copied; ingest writes where the weights are kept now.
    kept = [Path(row["weights_store"]) / recorded.name] if row["weights_store"] else []
    found = {file: sha256_of(file) for file in (*kept, recorded) if file.is_file()}
    for file, actual in found.items():
        if actual == sha256:
            return file
    state = f"has sha256 {found[recorded][:12]}" if recorded in found else "is missing"
    raise StageError(
        f"{name}: {recorded} {state}, but the run used weights with sha256 {sha256[:12]}: restore that file, "
        "or run featurize and train again"
    )


def features_of(
    tables: Tables, settings: Settings, ids: Sequence[str], backbone: str, weights: Path
) -> DataFrame:
    """Compute the features of the images `ids`, preprocessed, pooled and projected as the settings say.

    Parameters
    ----------
    weights : Path
        A file that the workers can read.

    Returns
    -------
    DataFrame
        Columns `image_id`, `features` (binary: float32); images that cannot be decoded are left out.
    """
    execution = settings.execution
    images = images_with(tables, ids).select("image_id", "content")
    tasks = -(-len(ids) // execution.task_images)
    if tasks > 1:
        # An even number of tasks, so that the last round uses both of two cores.
        tasks += tasks % 2
    column = packed_features(
        preprocessed(F.col("content"), settings.preprocessing),
        NetworkSpec(
            network_of(settings, backbone),
            str(weights),
            settings.pooling,
            execution.threads,
            settings.precision,
            dimensionality=settings.dimensionality,
        ),
        settings.scale_hint,
        execution.batch_size,
    )
    computed = images.repartition(tasks).select("image_id", column.alias("features"))
    return computed.where(F.col("features").isNotNull())


def images_with(tables: Tables, ids: Sequence[str]) -> DataFrame:
    """Return the rows of `images` with these ids.

    Many ids should be neighbours among all, as those of a chunk are: only files with ids between the first
    and the last are read.
    """
    images, image_id = tables.read("images"), F.col("image_id")
    if len(ids) <= _LISTED_IDS:
        return images.where(image_id.isin(list(ids)))
    wanted = tables.spark.createDataFrame(pa.table({"image_id": pa.array(ids, pa.string())}))
    between = images.where(image_id.between(min(ids), max(ids)))
    return between.join(F.broadcast(wanted), "image_id", how="left_semi")


def chunked(ids: Sequence[str], smallest: int) -> list[Sequence[str]]:
    """Split into chunks of equal length (within one), the fewest of at most `chunk_size`.

    A full and a short chunk would leave cores idle at the end of each.

    Parameters
    ----------
    ids : sequence of str
        At least one.
    smallest : int
        As `chunk_size` takes it.
    """
    count = -(-len(ids) // chunk_size(len(ids), smallest))
    bounds = [len(ids) * chunk // count for chunk in range(count + 1)]
    return [ids[start:end] for start, end in pairwise(bounds)]


def chunk_size(images: int, smallest: int) -> int:
    """Return how many images to commit at once: `smallest`, or more, so that `MOST_CHUNKS` hold all.

    Each commit takes a second and adds a version that every later reader of the table lists.

    Parameters
    ----------
    images : int
        All images to be committed, at least 1.
    smallest : int
        The setting `execution.chunk_images`.
    """
    return max(smallest, -(-images // MOST_CHUNKS))
