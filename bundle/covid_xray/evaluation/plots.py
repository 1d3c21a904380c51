"""Confusion matrices and curves as pictures."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from covid_xray.evaluation.plot_data import (
    PRECISION_RECALL,
    RELIABILITY,
    ROC,
    confusion_counts,
    curve_points,
    marked,
)
from covid_xray.evaluation.results_model import Result, baselines

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's colours, which colour-blind people can tell apart; lines differ in style as well.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_STYLES = ("-", "--", "-.", ":")


def draw_network(results: Sequence[Result], name: str, task: str) -> dict[str, bytes]:
    """Draw what the page shows of one network and task, by file name; nothing where there is no result."""
    for result in results:
        if result.is_network and (result.name, result.task) == (name, task) and result.headline:
            curves = curves_png([result, *baselines(results, task)[:1]])
            return {"confusion.png": confusion_png(result), "curves.png": curves}
    return {}


def confusion_png(result: Result) -> bytes:
    """Draw counts and shares of the actual class; rows are the actual classes, columns the predicted ones."""
    size = len(result.classes)
    counts = np.array([count.images for count in confusion_counts(result)]).reshape(size, size)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    drawn = figure(4.2, 3.9)
    axes = drawn.subplots()
    axes.imshow(shares, cmap="cividis", vmin=0, vmax=1)
    for row, column in np.ndindex(counts.shape):
        # cividis is light above one half: dark letters there, light ones below.
        colour = "black" if shares[row, column] > 0.5 else "white"
        text = f"{counts[row, column]}\n{shares[row, column]:.0%}"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=12)
    labels = [name.replace("_", " ") for name in result.classes]
    axes.set_xticks(range(len(labels)), labels)
    axes.set_yticks(range(len(labels)), labels, rotation=90, va="center")
    axes.set_xlabel("predicted")
    axes.set_ylabel("actual")
    axes.set_title(f"{marked(result)} · {result.task}\n{counts.sum()} held-out images", fontsize=11)
    return png(drawn)


def curves_png(results: Sequence[Result]) -> bytes:
    """Draw, for the positive class of a task, ROC and precision-recall curves and the reliability diagram."""
    drawn = figure(12, 4.3)
    parts = dict(zip((ROC, PRECISION_RECALL, RELIABILITY), drawn.subplots(1, 3), strict=True))
    for place, result in enumerate(results):
        look: dict[str, Any] = {
            "color": _COLOURS[place % len(_COLOURS)],
            "linestyle": _STYLES[place % len(_STYLES)],
            "label": marked(result),
            "linewidth": 1.5,
        }
        points = curve_points(result)
        for curve, axes in parts.items():
            marker = {"marker": "o", "markersize": 3} if curve == RELIABILITY else {}
            own = [(point.x, point.y) for point in points if point.curve == curve]
            axes.plot(*zip(*own, strict=True), **look, **marker)
    roc, precision_recall, reliability = parts.values()
    reliability.plot([0, 1], [0, 1], color="#999999", linewidth=1)
    positive = results[0].classes[0].replace("_", " ")
    _label(roc, "ROC", "1 - specificity", f"recall of {positive}")
    _label(precision_recall, "Precision and recall", f"recall of {positive}", "precision")
    _label(reliability, "Reliability", f"probability given to {positive}", f"share that is {positive}")
    reliability.legend(fontsize=7, loc="upper left")
    return png(drawn)


def _label(axes: Any, title: str, across: str, up: str) -> None:
    axes.set_title(title, fontsize=11)
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)


def figure(width: float, height: float) -> Figure:
    """Return an empty figure, in inches."""
    # Here, not above: a run that has nothing to draw need not wait for matplotlib.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    empty = Figure(figsize=(width, height), dpi=130, layout="constrained")
    FigureCanvasAgg(empty)
    return empty


def png(drawn: Figure) -> bytes:
    """Return a figure as a PNG file."""
    file = io.BytesIO()
    # No date and no version, so that the same picture is always the same file.
    drawn.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()
