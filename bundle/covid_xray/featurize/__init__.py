"""Featurize: one backbone over the images of a run, each image computed once and kept in `features`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from time import monotonic

import sparkdl.weights
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from sparkdl.column import features
from sparkdl.network import Recipe
from sparkdl.weights import Weights

from covid_xray import runs
from covid_xray.errors import StageError
from covid_xray.progress import Notify, Progress
from covid_xray.settings import Settings
from covid_xray.tables import Tables

# The only way so far in which pictures reach a network: whole, as they are.
PREPROCESSING = "plain"


def featurize(
    tables: Tables,
    settings: Settings,
    run_id: str,
    backbone: str,
    weights: str,
    weights_store: Path,
    notify: Notify,
) -> None:
    """Compute the features that this run lacks, and record the weights they were computed with.

    Parameters
    ----------
    weights : str
        `imagenet`, `random`, or the path of a weights file or of a folder of them.
    weights_store : Path
        Folder that driver and workers see; fetched and random weights are kept there.
    """
    with runs.failures_recorded(tables, run_id, backbone):
        resolved = sparkdl.weights.resolve(weights, backbone, weights_store, settings.seed)
        rows = _unfinished(tables, run_id, backbone, resolved.sha256)
        if not rows:
            notify(Progress("featurize", backbone, note="nothing to do, all its runs have succeeded"))
            return
        runs.update(
            tables, rows, status=runs.RUNNING, error=None, weights=resolved.kind, weights_id=resolved.sha256
        )
        begun = monotonic()
        computed = _compute_missing(tables, settings, run_id, backbone, resolved, notify)
        seconds = monotonic() - begun
        runs.update(
            tables,
            _unfinished(tables, run_id, backbone, resolved.sha256),
            featurize_seconds=seconds,
            featurized_images=computed,
        )


def features_of(tables: Tables, backbone: str, weights_id: str, pooling: str) -> DataFrame:
    """Return the rows of `features` that were computed in this one way."""
    return tables.read("features").where(
        (F.col("backbone") == backbone)
        & (F.col("weights_id") == weights_id)
        & (F.col("pooling") == pooling)
        & (F.col("preprocessing") == PREPROCESSING)
    )


def _unfinished(tables: Tables, run_id: str, backbone: str, weights_id: str) -> list[dict[str, object]]:
    """Rows still to be done: a success with other weights than today's does not count."""
    return [
        row
        for row in runs.state(tables, run_id, backbone)
        if row["status"] != runs.SUCCEEDED or row["weights_id"] != weights_id
    ]


def _compute_missing(
    tables: Tables, settings: Settings, run_id: str, backbone: str, weights: Weights, notify: Notify
) -> int:
    wanted = _ids(tables.read("splits").where(F.col("run_id") == run_id))
    known = _ids(features_of(tables, backbone, weights.sha256, settings.pooling))
    missing = sorted(wanted - known)
    if not missing:
        notify(Progress("featurize", backbone, note=f"all {len(wanted)} images are there already"))
        return 0
    begun = monotonic()
    notify(Progress("featurize", backbone, 0, len(missing)))
    done = 0
    for chunk in _chunks(missing, settings.execution.chunk_images):
        tables.append("features", _featurized(tables, settings, backbone, weights, chunk))
        done += len(chunk)
        notify(Progress("featurize", backbone, done, len(missing), seconds=monotonic() - begun))
    left = wanted - _ids(features_of(tables, backbone, weights.sha256, settings.pooling))
    if left:
        raise StageError(f"{backbone}: {len(left)} images have no features, among them {min(left)}")
    return done


def _featurized(
    tables: Tables, settings: Settings, backbone: str, weights: Weights, ids: Sequence[str]
) -> DataFrame:
    execution = settings.execution
    images = tables.read("images").where(F.col("image_id").isin(list(ids))).select("image_id", "content")
    tasks = -(-len(ids) // execution.task_images)
    column = features(
        F.col("content"),
        Recipe(backbone, str(weights.path), settings.pooling, execution.threads),
        settings.scale_hint,
        execution.batch_size,
    )
    return (
        images.repartition(tasks)
        .select(
            "image_id",
            F.lit(backbone).alias("backbone"),
            F.lit(weights.sha256).alias("weights_id"),
            F.lit(settings.pooling).alias("pooling"),
            F.lit(PREPROCESSING).alias("preprocessing"),
            column.alias("features"),
        )
        .where(F.col("features").isNotNull())
    )


def _ids(rows: DataFrame) -> set[str]:
    return set(rows.select("image_id").distinct().toPandas()["image_id"])


def _chunks(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))
