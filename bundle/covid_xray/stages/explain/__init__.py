"""Explain: where in each held-out image a classifier finds what speaks for each class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from sparkdl.backbones import backbone as network

from covid_xray.evaluation.explanations import images_to_explain, lung_box
from covid_xray.features.compute import weights_file
from covid_xray.progress import Notify, Progress
from covid_xray.settings import Settings
from covid_xray.stages.explain.maps import flat_maps, pooled_maps
from covid_xray.stages.explain.records import Explained, records
from covid_xray.stages.explain.refit import Refitted, refit
from covid_xray.stages.explain.unpooled import unpooled
from covid_xray.storage import runs
from covid_xray.storage.tables import Tables


def explain(tables: Tables, run_id: str, backbone: str, notify: Notify) -> None:
    """Write `explanations` for the tasks of a run that have succeeded: repeat 0 of the strictest protocol.

    Where features are flat, all held-out images get maps, at the cost of reading the features once. Where
    they are means over the cells the network has to look again, so a sample and every missed image of the
    positive class get them. Where they are maxima there are no such maps, and nothing is written.

    Raises
    ------
    StageError
        If the network has to look again, and its weights are no longer those that the run was made with.
    """
    rows = _unexplained(tables, run_id, backbone)
    if not rows:
        notify(Progress("explain", backbone, note="nothing to do"))
        return
    settings = runs.settings_of(rows)
    pooling = network(backbone).pooling(settings.pooling)
    if pooling == "max":
        notify(Progress("explain", backbone, note="nothing written: maxima over the cells do not add up"))
        return
    file = None if pooling == "none" else weights_file(rows[0])
    notify(Progress("explain", backbone, note="reading the features"))
    refitted = refit(tables, settings, rows)
    if file is None:
        explained = _from_features(refitted, backbone)
    else:
        explained = list(_from_network(tables, settings, refitted, backbone, file, notify))
    count = _write(tables, settings, rows, explained)
    notify(Progress("explain", backbone, count, count, "maps"))


def _unexplained(tables: Tables, run_id: str, backbone: str) -> list[dict[str, Any]]:
    """Return the successes of a run without maps; those of other weights do not count."""
    known = tables.matching("explanations", {"run_id": run_id, "backbone": backbone})
    pairs = known.select("task", "weights_id").distinct().collect()
    done = {(row["task"], row["weights_id"]) for row in pairs}
    return [
        row
        for row in runs.state(tables, run_id, backbone)
        if row["status"] == runs.SUCCEEDED and (row["task"], row["weights_id"]) not in done
    ]


def _from_features(refitted: Refitted, backbone: str) -> list[Explained]:
    maps = flat_maps(refitted.features, [fold for _, fold in refitted.folds], network(backbone).channels)
    return [
        Explained(task, fold.predictions, of_fold)
        for (task, fold), of_fold in zip(refitted.folds, maps, strict=True)
    ]


def _from_network(
    tables: Tables, settings: Settings, refitted: Refitted, backbone: str, weights: Path, notify: Notify
) -> Iterator[Explained]:
    wanted = {
        task: images_to_explain(
            pd.concat([f.predictions for t, f in refitted.folds if t == task]), settings.tasks[task]
        )
        for task in dict(refitted.folds)
    }
    ids = sorted(set().union(*wanted.values()))
    notify(Progress("explain", backbone, note=f"showing the network {len(ids)} images again"))
    cells = unpooled(tables, settings, backbone, weights, ids)
    row_of = {image_id: row for row, image_id in enumerate(ids)}
    for task, fold in refitted.folds:
        own = fold.predictions[fold.predictions["image_id"].isin(wanted[task])]
        seen = cells[own["image_id"].map(row_of).to_numpy(int)]
        yield Explained(task, own, pooled_maps(fold.fit, refitted.gram.values, refitted.features, seen))


def _write(
    tables: Tables, settings: Settings, rows: Sequence[dict[str, Any]], explained: Sequence[Explained]
) -> int:
    """Put maps in the place of what the tasks had before; return their number."""
    key = {name: rows[0][name] for name in ("run_id", "backbone", "weights_id")}
    box = lung_box(settings.preprocessing)
    found = [key | row for part in explained for row in records(part, settings.tasks[part.task], box)]
    where = {"run_id": [key["run_id"]], "backbone": [key["backbone"]], "task": [row["task"] for row in rows]}
    tables.replace("explanations", found, where)
    return len(found)
