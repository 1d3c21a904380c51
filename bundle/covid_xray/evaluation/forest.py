"""The headline picture: every classifier with its interval, and how networks fare on other images."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from textwrap import fill
from typing import Any

from covid_xray.evaluation.plot_data import Estimated, forest_rows
from covid_xray.evaluation.plots import figure, png
from covid_xray.evaluation.protocols import AS_PUBLISHED
from covid_xray.evaluation.results_model import Result

# Inches: the picture's width, a line, and a part's title and axis. On a telephone it can be read as it is.
_WIDTH, _LINE, _FRAME = 5.0, 0.32, 0.85
# Characters of a name that fit beside the plot.
_NAME = 22
# How far below its line the estimate of a split by image stands.
_BELOW = 0.32
_COLOURS = {"network": "#0072B2", "baseline": "#777777", "hidden": "#CC79A7", "other images": "#D55E00"}
_CHANCE = 0.5


def forest_png(networks: Sequence[Result], others: Sequence[Result]) -> bytes:
    """Draw `forest_rows` of one task: a line a classifier, both protocols on it.

    Accuracies stand above; where networks were tried on other images, their AUROCs stand below.
    """
    parts = [list(rows) for _, rows in groupby(forest_rows(networks, others), lambda row: row.quantity)]
    heights = [_FRAME + _LINE * len({row.name for row in rows}) for rows in parts]
    drawn = figure(_WIDTH, sum(heights))
    all_axes = drawn.subplots(len(parts), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, rows in zip(all_axes, parts, strict=True):
        _draw(axes, rows)
    for axes in all_axes[1:]:
        axes.axvline(_CHANCE, color="#999999", linewidth=1, linestyle=":")
    return png(drawn)


def _draw(axes: Any, rows: Sequence[Estimated]) -> None:
    names = list(dict.fromkeys(row.name for row in rows))
    for row in rows:
        by_image = row.protocol == AS_PUBLISHED
        place, colour = names.index(row.name) + _BELOW * by_image, _COLOURS[row.kind]
        ends = [row.value if end is None else end for end in (row.low, row.high)]
        axes.plot(ends, [place, place], color=colour, linewidth=1 if by_image else 1.5)
        face, size = ("white", 3.5) if by_image else (colour, 5)
        axes.plot(row.value, place, marker="o", markersize=size, color=colour, markerfacecolor=face)
    said = [fill(name.replace("_", " "), _NAME) for name in names]
    axes.set_yticks(range(len(names)), said, fontsize=9)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlabel(rows[0].quantity)
    axes.grid(axis="x", color="#e3e6eb", linewidth=0.8)
    axes.set_axisbelow(True)
