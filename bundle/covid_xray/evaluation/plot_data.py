"""What pictures show, as rows: drawing and the files of data beside the pictures take the same ones."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from covid_xray.evaluation.contrast import AUROC
from covid_xray.evaluation.protocols import AS_PUBLISHED, CONTRAST, EXTERNAL, PATIENT_GROUPED
from covid_xray.evaluation.results_model import Result, Value, baselines_elsewhere

# The parts of the picture of curves.
ROC, PRECISION_RECALL, RELIABILITY = "roc", "precision_recall", "reliability"
_BINS = 10


class Count(NamedTuple):
    """A cell of a confusion matrix."""

    actual: str
    predicted: str
    images: int


class Point(NamedTuple):
    """A point of a classifier's curve: where it lies across and up the picture, each 0 to 1."""

    curve: str
    classifier: str
    x: float
    y: float


class Estimated(NamedTuple):
    """A line of a forest plot.

    Attributes
    ----------
    quantity : str
        What is measured, with its unit.
    kind : str
        `network`, `baseline`, `hidden`: a network with parts of the pictures hidden, or `other images`: a
        network tried on these.
    protocol : str
        Under which it was measured.
    value, low, high : float
        The estimate with its 95 % interval; the ends are None where it has none.
    """

    quantity: str
    kind: str
    name: str
    protocol: str
    value: float
    low: float | None
    high: float | None


def confusion_counts(result: Result) -> list[Count]:
    """Count the predictions of repeat 0, a row an actual and a predicted class, in the order of classes."""
    assert result.headline is not None  # noqa: S101 - only results with predictions are drawn
    counts = result.headline.confusion(result.classes)
    return [
        Count(actual, predicted, images)
        for actual, line in zip(result.classes, counts, strict=True)
        for predicted, images in zip(result.classes, line, strict=True)
    ]


def curve_points(result: Result) -> list[Point]:
    """Return the points of a classifier's three curves for the positive class, in the order they are drawn.

    ROC curves have 1 - specificity across and recall up; precision-recall curves recall and precision;
    reliability curves the mean probability of a bin and the share of the positive class in it.
    """
    from sklearn.calibration import calibration_curve
    from sklearn.metrics import precision_recall_curve, roc_curve

    actual, score = _positive(result)
    wrong, right, _ = roc_curve(actual, score)
    precision, recall, _ = precision_recall_curve(actual, score)
    share, said = calibration_curve(actual, score, n_bins=_BINS)
    curves = {ROC: (wrong, right), PRECISION_RECALL: (recall, precision), RELIABILITY: (said, share)}
    name = marked(result)
    return [
        Point(curve, name, float(x), float(y))
        for curve, (across, up) in curves.items()
        for x, y in zip(across, up, strict=True)
    ]


def forest_rows(networks: Sequence[Result], others: Sequence[Result]) -> list[Estimated]:
    """Return the lines of a forest plot: accuracies, the best classifier first, then AUROCs on other images.

    Parameters
    ----------
    networks, others : sequence of Result
        Of one task, with results; at least one network. The others are baselines, and networks with parts of
        the pictures hidden.
    """
    ranked = sorted([*networks, *others], key=lambda result: result.accuracy, reverse=True)
    elsewhere = _baseline_areas(baselines_elsewhere(networks, others))
    return [*_accuracies(ranked), *_areas(networks), *elsewhere]


def marked(result: Result) -> str:
    """Return a classifier's name with what must be said wherever it is shown: `VGG16 (random weights)`."""
    return f"{result.name} ({', '.join(result.marks)})" if result.marks else result.name


def to_csv(rows: Sequence[Count] | Sequence[Point] | Sequence[Estimated]) -> str:
    """Write rows of one kind, at least one, as CSV with their fields as the header; None is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(rows[0]._fields)
    writer.writerows(rows)
    return text.getvalue()


def _accuracies(ranked: Sequence[Result]) -> Iterator[Estimated]:
    for result in ranked:
        kind = "hidden" if result.is_occluded else "baseline" if result.kind == "baseline" else "network"
        # Of pictures with parts hidden, the strictest says enough.
        for protocol in [result.headline_protocol] if result.is_occluded else (PATIENT_GROUPED, AS_PUBLISHED):
            if found := result.by_protocol.get(protocol):
                yield _row("accuracy, %", kind, result.title, protocol, found.overall["accuracy"], 100.0)


def _areas(networks: Sequence[Result]) -> Iterator[Estimated]:
    for result in networks:
        if not (result.external or result.contrast):
            continue
        own, quantity = result.classes[0], _area_of(result)
        for name, protocol, kind in (
            ("its own images", result.headline_protocol, "network"),
            ("images from elsewhere", EXTERNAL, "other images"),
        ):
            found = result.by_protocol.get(protocol)
            if found and (area := found.per_class.get(own, {}).get("auroc")):
                yield _row(quantity, kind, f"{result.name}: {name}", protocol, area)
        for other, values in (result.contrast.per_class if result.contrast else {}).items():
            if AUROC in values:
                name = f"{result.name}: from {other}, contrast"
                yield _row(quantity, "other images", name, CONTRAST, values[AUROC])


def _baseline_areas(baselines: Sequence[Result]) -> Iterator[Estimated]:
    for result in baselines:
        there = result.external.per_class.get(result.classes[0], {}) if result.external else {}
        if "auroc" in there:
            name = f"{result.name}: images from elsewhere"
            yield _row(_area_of(result), "baseline", name, EXTERNAL, there["auroc"])


def _area_of(result: Result) -> str:
    return f"AUROC of {result.classes[0].replace('_', ' ')}"


def _row(quantity: str, kind: str, name: str, protocol: str, found: Value, scale: float = 1.0) -> Estimated:
    low, high = (None if end is None else scale * end for end in (found.ci_low, found.ci_high))
    return Estimated(quantity, kind, name, protocol, scale * found.value, low, high)


def _positive(result: Result) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """Return whether an image is of the positive class, and the probability given to that."""
    assert result.headline is not None  # noqa: S101 - only results with predictions are drawn
    held_out = result.headline.held_out
    score = np.array([probability[0] for probability in held_out["probability"]])
    return (held_out["label"] == result.classes[0]).to_numpy(), score
