"""Register: refit one backbone's classifiers on all images of a run, log and register them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from pyspark.sql import functions as F

from covid_xray.evaluation.folds import Folds
from covid_xray.evaluation.plots import draw_network
from covid_xray.evaluation.results import are_of, read_comparisons, read_results
from covid_xray.evaluation.solver import classifiers
from covid_xray.evaluation.verdict import Verdict, verdict_on
from covid_xray.features.compute import weights_file
from covid_xray.features.key import feature_key
from covid_xray.features.networks import shapes_of
from covid_xray.progress import Notify, Progress
from covid_xray.registry.card import write_card
from covid_xray.registry.fitting import fit_all
from covid_xray.registry.promotion import decide
from covid_xray.registry.record import identity_of, record_of
from covid_xray.registry.registry import Registry
from covid_xray.registry.saved import About, SavedModel, save
from covid_xray.settings import Settings
from covid_xray.storage import runs
from covid_xray.storage.tables import Tables

# What a model keeps of the settings.
_OF_SETTINGS = ("pooling", "preprocessing", "scale_hint", "precision", "dimensionality")

_Row = Mapping[str, Any]


def register(tables: Tables, run_id: str, backbone: str, registry: Registry, notify: Notify) -> None:
    """Log and register a model for each task of the run that succeeded and is not registered yet.

    Raises
    ------
    StageError
        If the weights file of the run is missing or has changed.
    """
    rows = unregistered(tables, run_id, backbone, registry)
    if not rows:
        notify(Progress("register", backbone, note="nothing to do"))
        return
    settings = runs.settings_of(rows)
    results = read_results(tables, run_id, runs.state(tables, run_id))
    comparisons = read_comparisons(tables, run_id)
    used = runs.images_of(tables, run_id).drop("content", "signature", "label", "patient_id")
    facts = used.toArrow().to_pandas()
    done, by_weights = 0, itemgetter("weights_id")
    for _, same_weights in groupby(sorted(rows, key=by_weights), by_weights):
        group = list(same_weights)
        file = weights_file(group[0])
        for row, model, images in _refit(tables, settings, group, file, facts, notify):
            figures = draw_network(results, backbone, row["task"])
            judged = verdict_on(results, comparisons, backbone, row["task"])
            note = _register_one(tables, settings, registry, row, model, images, figures, judged)
            done += 1
            notify(Progress("register", backbone, done, len(rows), "models", note=note))


def unregistered(tables: Tables, run_id: str, backbone: str, registry: Registry) -> list[dict[str, Any]]:
    """Return the rows of a run that succeeded and have no registered model yet."""
    return [
        row
        for row in runs.state(tables, run_id, backbone)
        if row["status"] == runs.SUCCEEDED
        and not registry.has(registry.name_of(backbone, row["task"]), identity_of(row))
    ]


def _refit(
    tables: Tables,
    settings: Settings,
    rows: Sequence[_Row],
    weights: Path,
    facts: pd.DataFrame,
    notify: Notify,
) -> Iterator[tuple[_Row, SavedModel, pd.DataFrame]]:
    """Yield the model of each row, and its images with `facts`; features are read once for all rows."""
    backbone, tasks = rows[0]["backbone"], [row["task"] for row in rows]
    splits = tables.matching("splits", {"run_id": rows[0]["run_id"]})
    # Every repeat has all images.
    used = splits.where((F.col("repeat") == 0) & F.col("task").isin(tasks)).toArrow().to_pandas()
    folds = Folds.of(used, settings.tasks, settings.is_balanced)
    key = feature_key(settings, backbone, rows[0]["weights_id"])
    own = settings.networks.get(backbone)
    fitted = classifiers(
        tables, [key], folds, settings, lambda note: notify(Progress("register", backbone, note=note))
    )
    for row, classifier in zip(rows, fit_all(fitted, tasks), strict=True):
        codes = folds.labels.codes[:, folds.tasks.index(row["task"])]
        images = folds.images[codes >= 0].merge(facts, on="image_id")
        about = About(
            classes=settings.tasks[row["task"]],
            weights=str(weights.resolve()),
            **{name: row[name] for name in ("run_id", "backbone", "task", "weights_id")},
            **{name: getattr(settings, name) for name in _OF_SETTINGS},
            batch_size=settings.execution.batch_size,
            image_ids=tuple(images["image_id"]),
            pixel_ids=tuple(images["pixel_id"].dropna()),
            own=own,
            shapes=None if own is None else shapes_of(own),
        )
        yield row, SavedModel(about, classifier), images


def _register_one(
    tables: Tables,
    settings: Settings,
    registry: Registry,
    row: _Row,
    model: SavedModel,
    images: pd.DataFrame,
    figures: Mapping[str, bytes],
    judged: Verdict | None,
) -> str:
    """Log one model; return a message about the champion."""
    metrics = tables.matching("metrics", {"run_id": row["run_id"], "task": row["task"]}).toPandas()
    baseline = metrics["kind"] == "baseline"
    own = are_of(metrics, row["backbone"])
    name = registry.name_of(row["backbone"], row["task"])
    card = write_card(name, model, row, images, metrics[own | baseline], judged)
    with TemporaryDirectory() as folder:
        save(model, card, Path(folder), settings.carry_weights)
        record = record_of(name, row, settings, metrics[own], figures, judged.against if judged else "")
        with registry.log(record, Path(folder)) as version:
            return decide(registry, version, settings.champion == "checked")
