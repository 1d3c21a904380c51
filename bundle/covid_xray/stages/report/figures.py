"""The pictures of a page with the data that they show, as the files beside it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from covid_xray.evaluation.forest import forest_png
from covid_xray.evaluation.plot_data import confusion_counts, curve_points, forest_rows, to_csv
from covid_xray.evaluation.plots import confusion_png, curves_png
from covid_xray.stages.report.values import Report

FOLDER = "figures"


@dataclass(frozen=True)
class Figure:
    """A picture as a PNG file, and what it shows as a CSV file."""

    png: bytes
    csv: str


def draw(report: Report) -> dict[str, Figure]:
    """Draw the pictures of a report, by file name without its ending."""
    figures = {
        f"{result.name}_{result.task}": Figure(confusion_png(result), to_csv(confusion_counts(result)))
        for result in report.results
        if result.headline and result.kind == "backbone"
    }
    for task in report.tasks:
        shown = [result for result in report.networks(task) if result.headline]
        baselines = report.baselines(task)
        if shown:
            others = [*baselines, *report.occluded(task)]
            forest = to_csv(forest_rows(shown, others))
            figures[f"forest_{task}"] = Figure(forest_png(shown, others), forest)
            compared = [*shown, *baselines[:1]]
            points = list(chain.from_iterable(map(curve_points, compared)))
            figures[f"curves_{task}"] = Figure(curves_png(compared), to_csv(points))
    return figures


def write_figures(report: Report, reports: Path) -> dict[str, bytes]:
    """Write the pictures and their data below `FOLDER`, and return the pictures as `render` takes them."""
    folder, figures = reports / FOLDER, draw(report)
    folder.mkdir(parents=True, exist_ok=True)
    for name, drawn in figures.items():
        (folder / f"{name}.png").write_bytes(drawn.png)
        (folder / f"{name}.csv").write_text(drawn.csv, encoding="utf-8")
    return {name: drawn.png for name, drawn in figures.items()}
