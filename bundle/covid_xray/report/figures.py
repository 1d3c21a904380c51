"""Confusion matrices as pictures."""

from __future__ import annotations

import io

import numpy as np

from covid_xray.report.collect import Result


def confusion_png(result: Result) -> bytes:
    """Draw counts and shares of the actual class; rows are what an image is, columns what was said of it."""
    # Here, not above: a run that has nothing to draw need not wait for matplotlib.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    counts = np.array(result.confusion)
    totals = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(totals, 1)
    figure = Figure(figsize=(4.2, 3.9), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
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
    mark = " (random weights)" if result.weights == "random" else ""
    axes.set_title(f"{result.backbone} · {result.task}{mark}\n{counts.sum()} held-out images", fontsize=11)
    file = io.BytesIO()
    # No date, no version: equal figures are equal files.
    figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()
