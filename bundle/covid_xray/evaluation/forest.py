"""The headline picture: every classifier with its interval, and how networks fare on other images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from covid_xray.evaluation.contrast import AUROC
from covid_xray.evaluation.plots import figure, png
from covid_xray.evaluation.protocols import AS_PUBLISHED, PATIENT_GROUPED
from covid_xray.evaluation.results_model import Result, Value

# Inches of a row, and of a part's title and axis.
_ROW, _FRAME = 0.24, 0.85
_NETWORK, _BASELINE, _OTHER = "#0072B2", "#777777", "#D55E00"
_CHANCE = 0.5


class _Line(NamedTuple):
    name: str
    value: Value
    colour: str
    filled: bool = True


def forest_png(networks: Sequence[Result], baselines: Sequence[Result]) -> bytes:
    """Draw a forest plot of one task: the best above, a line a classifier and protocol.

    Accuracies stand above; where networks were tried on other images, their AUROCs stand below.

    Parameters
    ----------
    networks, baselines : sequence of Result
        With results, at least one network.
    """
    ranked = sorted([*networks, *baselines], key=lambda result: result.accuracy, reverse=True)
    parts = [("accuracy, %", 100.0, list(_accuracies(ranked)))]
    if areas := list(_areas(networks)):
        parts.append((f"AUROC of {networks[0].classes[0].replace('_', ' ')}", 1.0, areas))
    heights = [_FRAME + _ROW * len(lines) for *_, lines in parts]
    drawn = figure(9.5, sum(heights))
    all_axes = drawn.subplots(len(parts), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, (title, scale, lines) in zip(all_axes, parts, strict=True):
        _draw(axes, title, scale, lines)
    if areas:
        all_axes[1].axvline(_CHANCE, color="#999999", linewidth=1, linestyle=":")
    return png(drawn)


def _accuracies(ranked: Sequence[Result]) -> Iterator[_Line]:
    for result in ranked:
        colour = _BASELINE if result.kind == "baseline" else _NETWORK
        for protocol, filled in ((PATIENT_GROUPED, True), (AS_PUBLISHED, False)):
            found = result.by_protocol.get(protocol)
            if found:
                name = result.name if filled else f"{result.name}, split by image"
                yield _Line(name, found.overall["accuracy"], colour, filled)


def _areas(networks: Sequence[Result]) -> Iterator[_Line]:
    for result in networks:
        if not (result.external or result.contrast):
            continue
        own = result.classes[0]
        for name, found, colour in (
            ("its own images", result.headline, _NETWORK),
            ("images from elsewhere", result.external, _OTHER),
        ):
            if found and (area := found.per_class.get(own, {}).get("auroc")):
                yield _Line(f"{result.name}: {name}", area, colour)
        for other, values in (result.contrast.per_class if result.contrast else {}).items():
            if AUROC in values:
                yield _Line(f"{result.name}: from {other}, same source", values[AUROC], _OTHER)


def _draw(axes: Any, title: str, scale: float, lines: Sequence[_Line]) -> None:
    for place, line in enumerate(lines):
        value = scale * line.value.value
        low, high = (value if end is None else scale * end for end in (line.value.ci_low, line.value.ci_high))
        axes.plot([low, high], [place, place], color=line.colour, linewidth=1.5)
        face = line.colour if line.filled else "white"
        axes.plot(value, place, marker="o", markersize=5, color=line.colour, markerfacecolor=face)
    axes.set_yticks(range(len(lines)), [line.name.replace("_", " ") for line in lines], fontsize=9)
    axes.set_ylim(len(lines) - 0.5, -0.5)
    axes.set_xlabel(title)
    axes.grid(axis="x", color="#e3e6eb", linewidth=0.8)
    axes.set_axisbelow(True)
