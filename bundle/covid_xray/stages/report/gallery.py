"""The images that a reader should see: those of the positive class that networks missed."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field

from PIL import Image
from pyspark.sql import functions as F

from covid_xray.evaluation.results_model import missed
from covid_xray.stages.report.values import Report
from covid_xray.storage.tables import Tables

_SIDE = 160
_QUALITY = 80
# Of a task; the page of a poor network would otherwise show nearly all images.
_MOST = 40


@dataclass(frozen=True)
class Missed:
    """An image of the positive class, and the prediction of each network that missed it (repeat 0).

    Attributes
    ----------
    predicted : mapping of str to str
        The predicted class, by network.
    of : int
        How many networks there are.
    """

    task: str
    image_id: str
    patient_id: str
    label: str
    predicted: Mapping[str, str]
    of: int


@dataclass(frozen=True)
class Gallery:
    """Missed images with a small picture of each.

    Attributes
    ----------
    missed : dict of str to tuple of Missed
        By task; those that most networks missed come first.
    left_out : dict of str to int
        How many more there are of a task.
    thumbnails : dict of str to bytes
        JPEG files by image id.
    """

    missed: Mapping[str, tuple[Missed, ...]] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    thumbnails: Mapping[str, bytes] = field(default_factory=dict)


def read_gallery(tables: Tables, report: Report) -> Gallery:
    """Find the missed images of each task and read their pictures."""
    found = {task: missed_images(report, task) for task in report.tasks}
    shown = {task: images[:_MOST] for task, images in found.items()}
    left_out = {task: len(images) - len(shown[task]) for task, images in found.items()}
    ids = sorted({image.image_id for images in shown.values() for image in images})
    if not ids:
        return Gallery(shown, left_out)
    rows = tables.read("images").where(F.col("image_id").isin(ids)).select("image_id", "content").collect()
    return Gallery(shown, left_out, {row["image_id"]: thumbnail(bytes(row["content"])) for row in rows})


def missed_images(report: Report, task: str) -> tuple[Missed, ...]:
    """Return the images of a task's positive class that some network missed, the most missed first."""
    networks = [result for result in report.networks(task) if result.headline]
    predicted: dict[tuple[str, str, str], dict[str, str]] = {}
    for network in networks:
        assert network.headline is not None  # noqa: S101 - chosen for having one
        wrong = missed(network.headline.held_out, network.classes[0])
        columns = wrong[["image_id", "patient_id", "label", "prediction"]]
        for image, patient, label, prediction in columns.itertuples(index=False):
            predicted.setdefault((image, patient, label), {})[network.name] = prediction
    found = [Missed(task, *key, by_network, len(networks)) for key, by_network in predicted.items()]
    return tuple(sorted(found, key=lambda image: (-len(image.predicted), image.image_id)))


def thumbnail(content: bytes) -> bytes:
    """Return a small grey JPEG of an image, its proportions kept."""
    picture = Image.open(io.BytesIO(content)).convert("L")
    picture.thumbnail((_SIDE, _SIDE))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()
