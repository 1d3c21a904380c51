"""Probe a network's features for the sources of the images, into the table `source_probes`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd
from pyspark.sql import functions as F

from covid_xray.evaluation.folds import Folds
from covid_xray.evaluation.protocols import AS_PUBLISHED
from covid_xray.evaluation.solver import classifiers
from covid_xray.evaluation.source_probe import CLASSES, SOURCE, Probe, probed, probes
from covid_xray.features.key import feature_key
from covid_xray.progress import Notify, Progress, counted
from covid_xray.settings import Settings
from covid_xray.storage import runs
from covid_xray.storage.tables import Tables


def probe_sources(tables: Tables, run_id: str, backbone: str, notify: Notify) -> None:
    """Write the probes of a network that succeeded, where a class has images of several sources."""
    rows = [row for row in runs.state(tables, run_id, backbone) if row["status"] == runs.SUCCEEDED]
    if not rows:
        return
    key = {"run_id": run_id, "backbone": backbone, "weights_id": rows[0]["weights_id"]}
    settings = runs.settings_of(rows)
    # Each repeat has all images of a task, of which there are 1.7 million rows for 112,120 images.
    once = tables.matching("splits", {"run_id": run_id, "protocol": AS_PUBLISHED}).where(F.col("repeat") == 0)
    images = once.select("image_id", "label", "patient_id", "source").distinct().toArrow().to_pandas()
    asked = probes(images, settings.patient_grouped.folds, settings.seed)
    if not asked or tables.matching("source_probes", key).limit(1).collect():
        return
    found = _answers(tables, settings, key, asked, notify)
    where = {name: [key[name]] for name in ("run_id", "backbone")}
    tables.replace("source_probes", found, where)
    notify(Progress("explain", backbone, note=counted(len(found), "source probe")))


def _answers(
    tables: Tables, settings: Settings, key: dict[str, str], asked: Sequence[Probe], notify: Notify
) -> list[dict[str, Any]]:
    """Return rows of `source_probes`."""
    splits = pd.concat([probe.splits for probe in asked])
    names = {str(probe.splits["task"].iloc[0]): probe for probe in asked}
    folds = Folds.of(splits, dict.fromkeys(names, CLASSES))
    network = feature_key(settings, key["backbone"], key["weights_id"])

    def say(text: str) -> None:
        notify(Progress("explain", key["backbone"], note=f"source probes: {text}"))

    fitted = classifiers(tables, [network], folds, settings, say)
    predictions = folds.predictions(fitted.probabilities()).drop(columns="label")
    # An image may be of the source in one probe, and not in another.
    labelled = predictions.merge(splits[["task", "image_id", "label"]], on=["task", "image_id"])
    return [
        key | _row(names[str(task)], part.sort_values("image_id"), settings)
        for task, part in labelled.groupby("task")
    ]


def _row(probe: Probe, predictions: pd.DataFrame, settings: Settings) -> dict[str, Any]:
    measured = probed(predictions, settings.bootstrap_resamples, settings.seed)
    return {
        "label": probe.label,
        "source": probe.source,
        "is_control": probe.is_control,
        **asdict(measured),
        "image_ids": predictions["image_id"].tolist(),
        "is_source": (predictions["label"] == SOURCE).tolist(),
        "fold": predictions["fold"].tolist(),
        "probability": [float(values[0]) for values in predictions["probability"]],
    }
