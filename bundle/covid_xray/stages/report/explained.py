"""Where classifiers looked: some images with their maps, and the share of all maps in the lung box."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pyspark.sql import functions as F
from radiograph.lungs import Box

from covid_xray.evaluation.explanations import (
    BoxSummary,
    box_summary,
    images_to_explain,
    lung_box,
    overlay_png,
)
from covid_xray.evaluation.results_model import Result, missed
from covid_xray.features.preprocessing import preprocessed
from covid_xray.stages.report.values import Report
from covid_xray.storage.tables import Tables

_SIDE = 160
# Images of each class that are shown for every network, and missed ones beside them.
_OF_CLASS = 2
_MISSED = 6
# Quantile of the absolute values of a network's maps from which on colours no longer differ.
_STRONGEST = 0.99


@dataclass(frozen=True)
class Explained:
    """A held-out image with the map of its prediction; `picture` is a PNG."""

    image_id: str
    label: str
    prediction: str
    picture: bytes


@dataclass(frozen=True)
class Explanation:
    """The maps of one network on one task.

    Attributes
    ----------
    grid : int
        Cells of a map in each direction.
    left_out : int
        Missed images that are not among `images`.
    """

    name: str
    task: str
    weights: str
    grid: int
    box: BoxSummary
    images: tuple[Explained, ...]
    left_out: int


def read_explanations(tables: Tables, report: Report) -> list[Explanation]:
    """Read the maps of all networks that have some."""
    found = []
    for result in report.results:
        if result.is_network and result.headline:
            explanation = _read(tables, report, result)
            if explanation is not None:
                found.append(explanation)
    return found


def _read(tables: Tables, report: Report, result: Result) -> Explanation | None:
    own = tables.matching(
        "explanations", {"run_id": result.run_id, "backbone": result.name, "task": result.task}
    )
    rows = own.select("image_id", "patient_id", "label", "prediction", "box_share").toPandas()
    if rows.empty:
        return None
    settings = report.settings
    box = lung_box(settings["preprocessing"])
    summary = box_summary(rows, settings["bootstrap_resamples"], settings["seed"], box)
    ids, left_out = _chosen(rows, result.classes)
    maps = own.where(F.col("image_id").isin(ids)).orderBy("image_id")
    chosen_ones = tables.read("images").where(F.col("image_id").isin(ids))
    shown_to_network = preprocessed(F.col("content"), settings["preprocessing"]).alias("content")
    contents = chosen_ones.select("image_id", shown_to_network)
    shown = maps.join(contents, "image_id", "left").toPandas().sort_values(["label", "image_id"])
    images = tuple(_drawn(shown, box))
    grid = int(shown["grid"].iloc[0])
    return Explanation(result.name, result.task, result.weights, grid, summary, images, left_out)


def _chosen(rows: pd.DataFrame, classes: tuple[str, ...]) -> tuple[list[str], int]:
    """Return a fixed sample and the first missed images, and how many more of these there are."""
    missed_ids = sorted(missed(rows, classes[0])["image_id"])
    sample = images_to_explain(rows[~rows["image_id"].isin(missed_ids)], classes, _OF_CLASS * len(classes))
    return sorted({*sample, *missed_ids[:_MISSED]}), max(len(missed_ids) - _MISSED, 0)


def _drawn(shown: pd.DataFrame, box: Box) -> Iterator[Explained]:
    rows: list[Any] = list(shown.itertuples(index=False))
    maps = [_of_prediction(row) for row in rows]
    scale = float(np.quantile(np.abs(maps), _STRONGEST)) or 1.0
    for row, map_ in zip(rows, maps, strict=True):
        picture = overlay_png(_shown(row.content), _SIDE, map_, scale, box)
        yield Explained(row.image_id, row.label, row.prediction, picture)


def _of_prediction(row: Any) -> npt.NDArray[np.float32]:
    of_classes: npt.NDArray[np.float32] = np.asarray(row.maps, np.float32).reshape(
        len(row.classes), row.grid, row.grid
    )
    of_prediction: npt.NDArray[np.float32] = of_classes[list(row.classes).index(row.prediction)]
    return of_prediction


def _shown(content: Any) -> bytes | dict[str, Any]:
    """Return an image as `to_input` takes it: a file, or a row of Spark's image schema."""
    return content.asDict() if hasattr(content, "asDict") else bytes(content)
