"""Compute features that the table `features` lacks, in commits of some hundred images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from time import monotonic

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from covid_xray.features.compute import chunked, features_of
from covid_xray.settings import Settings
from covid_xray.storage.tables import Tables


def stored_ids(tables: Tables, key: Mapping[str, str]) -> set[str]:
    """Return the images that have features with this key."""
    return distinct_ids(tables.matching("features", key))


def ids_of_run(tables: Tables, run_id: str) -> set[str]:
    """Return the images of a run."""
    # Each repeat of a protocol contains all images, so one repeat is enough.
    return distinct_ids(tables.matching("splits", {"run_id": run_id}).where(F.col("repeat") == 0))


def distinct_ids(rows: DataFrame) -> set[str]:
    """Return the distinct image ids of some rows.

    Missing images are determined on the driver, which needs the ids to be computed anyway: a join in Spark
    takes longer than two parallel reads.
    """
    return set(rows.select("image_id").toArrow()["image_id"].to_pylist())


def fill(
    tables: Tables,
    settings: Settings,
    key: Mapping[str, str],
    weights: Path,
    missing: Sequence[str],
    said: Callable[[int, float], None],
) -> int:
    """Compute and append the features of the images `missing`, and return their number.

    Parameters
    ----------
    key : mapping
        That of `settings` and the weights, as `feature_key` returns it.
    missing : sequence of str
        Sorted.
    said : callable
        Is told how many are done, at the beginning and after each commit, and the seconds that they took.
    """
    start, done = monotonic(), 0
    said(done, 0.0)
    # Two chunks at a time: while one is being committed, the other uses the cores.
    with ThreadPoolExecutor(2) as pool:
        chunks = chunked(missing, settings.execution.chunk_images)
        for count in pool.map(partial(_append, tables, settings, key, weights), chunks):
            done += count
            said(done, monotonic() - start)
    return done


def _append(
    tables: Tables, settings: Settings, key: Mapping[str, str], weights: Path, ids: Sequence[str]
) -> int:
    """Compute and commit one chunk; return its number of images."""
    computed = features_of(tables, settings, ids, key["backbone"], weights)
    tables.append("features", computed.withColumns({name: F.lit(value) for name, value in key.items()}))
    return len(ids)
