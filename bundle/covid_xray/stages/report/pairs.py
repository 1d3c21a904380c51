"""Networks compared in pairs, as a matrix for each task and protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from covid_xray.evaluation.protocols import INTERNAL
from covid_xray.evaluation.results_model import Comparison
from covid_xray.stages.report.values import Report


@dataclass(frozen=True)
class Matrix:
    """Differences in accuracy between the networks of one task, under one protocol.

    Attributes
    ----------
    names : tuple of str
        The networks, in the order of the rows and of the columns.
    rows : tuple of tuple of (Comparison or None)
        The row's network minus the column's; None where both are the same, or where nothing was compared.
    """

    task: str
    protocol: str
    names: tuple[str, ...]
    rows: tuple[tuple[Comparison | None, ...], ...]


def pairs(report: Report) -> list[Comparison]:
    """Return the comparisons of two networks."""
    return [found for found in report.comparisons if found.second_kind == "backbone"]


def matrices(report: Report) -> list[Matrix]:
    """Return a matrix for each task and protocol with comparisons, the strictest protocol first."""
    found = pairs(report)
    made = (_matrix(task, protocol, found) for task in report.tasks for protocol in INTERNAL)
    return [matrix for matrix in made if matrix.names]


def swapped(compared: Comparison) -> Comparison:
    """Return a comparison with its two classifiers in the other order; both must be of one kind."""
    return replace(
        compared,
        first=compared.second,
        second=compared.first,
        difference=-compared.difference,
        ci_low=-compared.ci_high,
        ci_high=-compared.ci_low,
        first_only=compared.second_only,
        second_only=compared.first_only,
    )


def _matrix(task: str, protocol: str, found: Sequence[Comparison]) -> Matrix:
    own = [one for one in found if (one.task, one.protocol) == (task, protocol)]
    by_pair = {(one.first, one.second): one for pair in own for one in (pair, swapped(pair))}
    names = tuple(dict.fromkeys(first for first, _ in by_pair))
    rows = tuple(tuple(by_pair.get((row, column)) for column in names) for row in names)
    return Matrix(task, protocol, names, rows)
