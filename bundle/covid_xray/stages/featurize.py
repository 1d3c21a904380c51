"""Featurize: one backbone over the images of a run, each image computed once and kept in `features`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import sparkdl.weights
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from sparkdl.weights import Weights

from covid_xray.errors import StageError
from covid_xray.features.compute import features_of
from covid_xray.features.key import chunked, feature_key
from covid_xray.progress import Notify, Progress
from covid_xray.settings import Settings
from covid_xray.storage import runs
from covid_xray.storage.tables import Tables


def featurize(tables: Tables, run_id: str, backbone: str, notify: Notify) -> None:
    """Compute the features that this run lacks, and record the weights they were computed with.

    Raises
    ------
    StageError
        If an image of the run has no features afterwards, or there is no such run.
    WeightsError
        If the weights that the run asks for cannot be had.
    """
    with runs.failures_recorded(tables, run_id, backbone), ThreadPoolExecutor(2) as beside:
        of_run = runs.state(tables, run_id, backbone)
        settings = runs.settings_of(of_run)
        resolved = _resolve(of_run, settings)
        begun = monotonic()
        way = feature_key(settings, backbone, resolved.sha256)
        # Each query and each commit takes about a second, in which the cores can do something else.
        wanted = beside.submit(_ids_of_run, tables, run_id)
        known = beside.submit(_ids_featurized, tables, way)
        rows = _unfinished(of_run, resolved.sha256)
        if not rows:
            notify(Progress("featurize", backbone, note="nothing to do, all its runs have succeeded"))
            return
        running = {"status": runs.RUNNING, "error": None}
        running |= {"weights_file": str(resolved.path), "weights_id": resolved.sha256}
        missing = sorted(wanted.result() - known.result())
        marked = beside.submit(runs.update, tables, rows, **running)
        computed = _compute(tables, settings, backbone, resolved, missing, notify)
        took = {"featurize_seconds": monotonic() - begun, "featurized_images": computed}
        marked.result()
        known = beside.submit(_ids_featurized, tables, way)
        runs.update(tables, [row | running for row in rows], **took)
        if left := sorted(wanted.result() - known.result()):
            raise StageError(f"{backbone}: {len(left)} images have no features, among them {left[0]}")


def _resolve(rows: Sequence[Mapping[str, Any]], settings: Settings) -> Weights:
    """Find the weights that the run asks for: the one place where that is decided."""
    row = rows[0]
    if row["weights_source"] is None:
        raise StageError(
            f"run {row['run_id']} was begun by a version that did not write where its weights are: "
            "begin a new run"
        )
    source, store = row["weights_source"], Path(row["weights_store"])
    return sparkdl.weights.resolve(source, row["backbone"], store, settings.seed)


def _unfinished(rows: Sequence[dict[str, Any]], weights_id: str) -> list[dict[str, Any]]:
    """Return the rows still to be done: a success with other weights than today's does not count."""
    return [row for row in rows if row["status"] != runs.SUCCEEDED or row["weights_id"] != weights_id]


def _compute(
    tables: Tables, settings: Settings, backbone: str, weights: Weights, missing: list[str], notify: Notify
) -> int:
    """Compute the features of `missing` and return their number."""
    if not missing:
        notify(Progress("featurize", backbone, note="all images are there already"))
        return 0
    begun = monotonic()
    notify(Progress("featurize", backbone, 0, len(missing)))
    done = 0
    # Two at once: while one is being committed, the other keeps the cores busy.
    with ThreadPoolExecutor(2) as pool:
        chunks = chunked(missing, settings.execution.chunk_images)
        for count in pool.map(partial(_append_features, tables, settings, backbone, weights), chunks):
            done += count
            notify(Progress("featurize", backbone, done, len(missing), seconds=monotonic() - begun))
    return done


def _ids_of_run(tables: Tables, run_id: str) -> set[str]:
    # Each repeat of a protocol has all images, so one of them tells.
    return _ids(tables.matching("splits", {"run_id": run_id}).where(F.col("repeat") == 0))


def _ids_featurized(tables: Tables, way: Mapping[str, str]) -> set[str]:
    return _ids(tables.matching("features", way))


def _ids(rows: DataFrame) -> set[str]:
    """Return the images in some rows.

    What is missing is found on the driver, which names every image to compute anyway: a join takes Spark
    longer than two reads side by side.
    """
    return set(rows.select("image_id").toArrow()["image_id"].to_pylist())


def _append_features(
    tables: Tables, settings: Settings, backbone: str, weights: Weights, ids: Sequence[str]
) -> int:
    """Compute one chunk and commit it; return the number of its images."""
    computed = features_of(tables, settings, ids, backbone, weights.path, settings.pooling)
    way = feature_key(settings, backbone, weights.sha256)
    tables.append("features", computed.withColumns({name: F.lit(value) for name, value in way.items()}))
    return len(ids)
