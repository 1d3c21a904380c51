"""Featurize: compute one backbone's features of the images of a run, once per image, into `features`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any

from sparkdl.weights import Weights

from covid_xray.errors import StageError
from covid_xray.features.fill import fill, ids_of_run, stored_ids
from covid_xray.features.key import feature_key
from covid_xray.features.networks import resolve_weights
from covid_xray.progress import Notify, Progress, counted
from covid_xray.settings import Settings
from covid_xray.storage import runs
from covid_xray.storage.tables import Tables


def featurize(tables: Tables, run_id: str, backbone: str, notify: Notify) -> None:
    """Compute the missing features of a run, and record the weights file in `runs`.

    Raises
    ------
    StageError
        If an image of the run has no features afterwards, or the run does not exist.
    WeightsError
        If the requested weights are not available.
    """
    with runs.record_failures(tables, run_id, backbone), ThreadPoolExecutor(2) as pool:
        run_rows = runs.existing_rows(tables, run_id, backbone)
        settings = runs.settings_of(run_rows)
        resolved = _resolve(run_rows, settings)
        start = monotonic()
        key = feature_key(settings, backbone, resolved.sha256)
        # Queries and commits take about a second each, so they run in the background.
        required = pool.submit(ids_of_run, tables, run_id)
        stored = pool.submit(stored_ids, tables, key)
        rows = _unfinished(run_rows, resolved.sha256)
        if not rows:
            notify(Progress("featurize", backbone, note="nothing to do, all tasks have succeeded"))
            return
        running = {"status": runs.RUNNING, "error": None}
        running |= {"weights_file": str(resolved.path), "weights_id": resolved.sha256}
        missing = sorted(required.result() - stored.result())
        marked = pool.submit(runs.update, tables, rows, **running)
        computed = _compute(tables, settings, key, resolved.path, missing, notify)
        effort = {"featurize_seconds": monotonic() - start, "featurized_images": computed}
        marked.result()
        stored = pool.submit(stored_ids, tables, key)
        runs.update(tables, [row | running for row in rows], **effort)
        if missing := sorted(required.result() - stored.result()):
            raise StageError(
                f"{backbone}: no features of {counted(len(missing), 'image')}, among them {missing[0]}: "
                "run ingest again"
            )


def _resolve(rows: Sequence[Mapping[str, Any]], settings: Settings) -> Weights:
    """Resolve the weights requested for the run; no other code does so."""
    row = rows[0]
    if row["weights_source"] is None:
        raise StageError(
            f"run {row['run_id']} was started by a version that did not record the source of the "
            "weights: start a new run"
        )
    return resolve_weights(settings, row["weights_source"], row["backbone"], Path(row["weights_store"]))


def _unfinished(rows: Sequence[dict[str, Any]], weights_id: str) -> list[dict[str, Any]]:
    """Return the rows to be computed: rows that succeeded with other weights are included."""
    return [row for row in rows if row["status"] != runs.SUCCEEDED or row["weights_id"] != weights_id]


def _compute(
    tables: Tables,
    settings: Settings,
    key: Mapping[str, str],
    weights: Path,
    missing: list[str],
    notify: Notify,
) -> int:
    """Compute the features of `missing` and return their number."""
    backbone = key["backbone"]
    if not missing:
        notify(Progress("featurize", backbone, note="all features are stored already"))
        return 0

    def said(done: int, seconds: float) -> None:
        notify(Progress("featurize", backbone, done, len(missing), seconds=seconds))

    return fill(tables, settings, key, weights, missing, said)
