"""The headline picture: every classifier with its interval, and how networks fare on other images."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from covid_xray.evaluation.plot_data import Estimated, forest_rows
from covid_xray.evaluation.plots import figure, png
from covid_xray.evaluation.protocols import AS_PUBLISHED
from covid_xray.evaluation.results_model import Result

# Inches: the picture's width, a row, and a part's title and axis. Names can be read where it is narrow.
_WIDTH, _ROW, _FRAME = 7.5, 0.24, 0.85
_COLOURS = {"network": "#0072B2", "baseline": "#777777", "hidden": "#CC79A7", "other images": "#D55E00"}
_CHANCE = 0.5


def forest_png(networks: Sequence[Result], others: Sequence[Result]) -> bytes:
    """Draw `forest_rows` of one task: a line a classifier and protocol.

    Accuracies stand above; where networks were tried on other images, their AUROCs stand below.
    """
    parts = [list(rows) for _, rows in groupby(forest_rows(networks, others), lambda row: row.quantity)]
    heights = [_FRAME + _ROW * len(rows) for rows in parts]
    drawn = figure(_WIDTH, sum(heights))
    all_axes = drawn.subplots(len(parts), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, rows in zip(all_axes, parts, strict=True):
        _draw(axes, rows)
    for axes in all_axes[1:]:
        axes.axvline(_CHANCE, color="#999999", linewidth=1, linestyle=":")
    return png(drawn)


def _draw(axes: Any, rows: Sequence[Estimated]) -> None:
    for place, row in enumerate(rows):
        colour = _COLOURS[row.kind]
        ends = [row.value if end is None else end for end in (row.low, row.high)]
        axes.plot(ends, [place, place], color=colour, linewidth=1.5)
        face = "white" if row.protocol == AS_PUBLISHED else colour
        axes.plot(row.value, place, marker="o", markersize=5, color=colour, markerfacecolor=face)
    axes.set_yticks(range(len(rows)), [row.name.replace("_", " ") for row in rows], fontsize=9)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlabel(rows[0].quantity)
    axes.grid(axis="x", color="#e3e6eb", linewidth=0.8)
    axes.set_axisbelow(True)
