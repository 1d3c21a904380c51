"""Explain: where classifiers look, as class-activation maps, and what they reach with parts hidden."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from radiograph.lungs import Box
from sparkdl.feature_network import FeatureNetwork
from sparkdl.projection import projected_length

from covid_xray.evaluation.cross_validation import held_out_probabilities, in_order
from covid_xray.evaluation.explanations import box_shares, images_to_explain, lung_box
from covid_xray.features.collect import collect_rows
from covid_xray.features.compute import features_of, weights_file
from covid_xray.features.networks import network_of
from covid_xray.progress import Notify, Progress, counted
from covid_xray.settings import Settings
from covid_xray.stages.explain.maps import Maps, flat_maps, pooled_maps, projected_maps
from covid_xray.stages.explain.occlude import occlude
from covid_xray.stages.explain.probe import probe_sources
from covid_xray.stages.explain.refit import Refitted, refit
from covid_xray.storage import runs
from covid_xray.storage.tables import Tables

_COLUMNS = ["protocol", "repeat", "fold", "image_id", "patient_id", "label", "prediction"]


@dataclass(frozen=True)
class _FoldMaps:
    """Maps of held-out images of one fold of one task.

    Attributes
    ----------
    predictions : pandas.DataFrame
        As of `covid_xray.evaluation.folds.Folds`.
    maps : ndarray of float32, shape (images, classes, cells)
    """

    task: str
    predictions: pd.DataFrame
    maps: Maps


def explain(tables: Tables, run_id: str, backbone: str, notify: Notify) -> None:
    """Write `explanations` of a network, what it reaches with parts hidden, and what it knows of sources.

    Raises
    ------
    StageError
        If the network is applied again and its weights file is missing or has changed.
    """
    draw_maps(tables, run_id, backbone, notify)
    occlude(tables, run_id, backbone, notify)
    probe_sources(tables, run_id, backbone, notify)


def draw_maps(tables: Tables, run_id: str, backbone: str, notify: Notify) -> None:
    """Write `explanations` for the tasks of a run that succeeded: repeat 0 of the strictest protocol.

    With flat features all held-out images get maps, which needs three passes over the features. With average
    pooling, or if the features are projected, the network is applied again, so only a sample and all false
    negatives of the positive class get maps. With max pooling, and for a network that returns a vector, there
    are no such maps, and nothing is written.

    Raises
    ------
    StageError
        If the network is applied again and its weights file is missing or has changed.
    """
    rows = _unexplained(tables, run_id, backbone)
    if not rows:
        notify(Progress("explain", backbone, note="nothing to do"))
        return
    settings = runs.settings_of(rows)
    network = network_of(settings, backbone)
    if network.pooling(settings.pooling) == "max":
        notify(Progress("explain", backbone, note="no maps: max pooling has no additive maps"))
        return
    if network.grid == 1:
        notify(Progress("explain", backbone, note="no maps: the network returns a vector"))
        return
    file = weights_file(rows[0]) if _has_only_sums(settings, network) else None
    refitted = refit(tables, settings, rows, lambda note: notify(Progress("explain", backbone, note=note)))
    probabilities = held_out_probabilities(refitted.rows, refitted.folds.fits, refitted.models)
    predictions = [
        refitted.folds.predictions_of(*one) for one in zip(refitted.folds.fits, probabilities, strict=True)
    ]
    if file is None:
        explained = _from_features(refitted, predictions, network.channels)
    else:
        explained = list(_from_network(tables, settings, refitted, predictions, backbone, file, notify))
    count = _write(tables, settings, rows, explained)
    notify(Progress("explain", backbone, count, count, "maps"))


def _has_only_sums(settings: Settings, net: FeatureNetwork) -> bool:
    """Return whether stored features are sums over several cells: averaged or projected."""
    width = net.feature_length(settings.pooling)
    averaged = net.pooling(settings.pooling) == "avg"
    return averaged or projected_length(width, settings.dimensionality) < width


def _unexplained(tables: Tables, run_id: str, backbone: str) -> list[dict[str, Any]]:
    """Return the succeeded rows of a run without maps; maps of other weights do not count."""
    stored = tables.matching("explanations", {"run_id": run_id, "backbone": backbone})
    pairs = stored.select("task", "weights_id").distinct().collect()
    done = {(row["task"], row["weights_id"]) for row in pairs}
    return [
        row
        for row in runs.state(tables, run_id, backbone)
        if row["status"] == runs.SUCCEEDED and (row["task"], row["weights_id"]) not in done
    ]


def _from_features(refitted: Refitted, predictions: Sequence[pd.DataFrame], channels: int) -> list[_FoldMaps]:
    fits = refitted.folds.fits
    found = refitted.rows.each(flat_maps(fits, refitted.models, channels))
    return [
        _FoldMaps(
            refitted.folds.tasks[fit.task],
            predicted,
            in_order([(one[2 * place], one[2 * place + 1]) for one in found]),
        )
        for place, (fit, predicted) in enumerate(zip(fits, predictions, strict=True))
    ]


def _from_network(
    tables: Tables,
    settings: Settings,
    refitted: Refitted,
    predictions: Sequence[pd.DataFrame],
    backbone: str,
    weights: Path,
    notify: Notify,
) -> Iterator[_FoldMaps]:
    of_all = pd.concat(predictions)
    selected = {
        str(task): images_to_explain(of_task, settings.tasks[str(task)])
        for task, of_task in of_all.groupby("task")
    }
    ids = sorted(set().union(*selected.values()))
    notify(Progress("explain", backbone, note=f"applying the network to {counted(len(ids), 'image')}"))
    cells = _whole_maps(tables, settings, backbone, weights, ids)
    row_of = {image_id: row for row, image_id in enumerate(ids)}
    averaged = network_of(settings, backbone).pooling(settings.pooling) == "avg"
    maps_of = pooled_maps if averaged else projected_maps
    for fit, model, predicted in zip(refitted.folds.fits, refitted.models, predictions, strict=True):
        task = refitted.folds.tasks[fit.task]
        shown = predicted[predicted["image_id"].isin(selected[task])]
        of_images = cells[shown["image_id"].map(row_of).to_numpy(int)]
        yield _FoldMaps(task, shown, maps_of(model, of_images))


def _whole_maps(
    tables: Tables, settings: Settings, backbone: str, weights: Path, ids: Sequence[str]
) -> npt.NDArray[np.float32]:
    """Compute the last feature map of the images `ids`, as `features` holds only sums of it.

    Returns
    -------
    ndarray of float32, shape (len(ids), cells, channels)
        In the order of `ids`.

    Raises
    ------
    StageError
        If an image is missing or cannot be decoded.
    """
    whole = settings.model_copy(update={"pooling": "none", "dimensionality": None})
    rows = collect_rows(features_of(tables, whole, ids, backbone, weights), ids)
    features = np.empty(rows.shape, np.float32)
    for indices, chunk in zip(rows.indices, rows.chunks, strict=True):
        features[indices] = chunk
    return features.reshape(len(ids), -1, network_of(settings, backbone).channels)


def _write(
    tables: Tables, settings: Settings, rows: Sequence[dict[str, Any]], explained: Sequence[_FoldMaps]
) -> int:
    """Replace the maps of the tasks; return their number."""
    key = {name: rows[0][name] for name in ("run_id", "backbone", "weights_id")}
    box = lung_box(settings.preprocessing)
    records = [key | row for part in explained for row in _records(part, settings.tasks[part.task], box)]
    where = {"run_id": [key["run_id"]], "backbone": [key["backbone"]], "task": [row["task"] for row in rows]}
    tables.replace("explanations", records, where)
    return len(records)


def _records(explained: _FoldMaps, classes: Sequence[str], box: Box) -> Iterator[dict[str, Any]]:
    """Yield one row of `explanations` per image, without the columns that are equal for the whole run."""
    predictions, maps = explained.predictions[_COLUMNS], explained.maps
    codes = [classes.index(name) for name in predictions["prediction"]]
    shares = box_shares(maps[np.arange(len(maps)), codes], box)
    shared = {"task": explained.task, "classes": list(classes), "grid": round(maps.shape[2] ** 0.5)}
    for values, map_, share in zip(predictions.itertuples(index=False), maps, shares.tolist(), strict=True):
        # Null if a map is positive nowhere.
        box_share = None if np.isnan(share) else share
        record = dict(zip(_COLUMNS, values, strict=True))
        yield {**shared, **record, "maps": map_.ravel().tolist(), "box_share": box_share}
