"""Benchmark results: ratios with goals, as a table and as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.table import Table


@dataclass(frozen=True)
class Goal:
    """The inclusive range in which a ratio must be."""

    low: float | None = None
    high: float | None = None

    def met_by(self, ratio: float) -> bool:
        """Return whether `ratio` is in the range."""
        return (self.low is None or ratio >= self.low) and (self.high is None or ratio <= self.high)

    def __str__(self) -> str:
        if self.low is not None and self.high is not None:
            return f"{self.low:g} to {self.high:g}"
        return f">= {self.low:g}" if self.low is not None else f"<= {self.high:g}"


@dataclass(frozen=True)
class Ratio:
    """One result: a row of the table.

    Attributes
    ----------
    name : str
        What is compared.
    ratio : float
    goal : Goal
    measured : dict of str to float
        The measurements behind the ratio; keys contain the unit.
    """

    name: str
    ratio: float
    goal: Goal
    measured: dict[str, float] = field(default_factory=dict)

    @property
    def met(self) -> bool:
        """Whether the goal is met."""
        return self.goal.met_by(self.ratio)

    @property
    def shown(self) -> str:
        """The ratio with three significant digits, or as an integer from 1000."""
        return f"{self.ratio:.0f}" if self.ratio >= 1000 else f"{self.ratio:.3g}"

    def as_json(self) -> dict[str, object]:
        """Return the entry of bench.json."""
        return {
            "name": self.name,
            "ratio": round(self.ratio, 4),
            "goal": str(self.goal),
            "met": self.met,
            "measured": {name: round(value, 3) for name, value in self.measured.items()},
        }


def table(ratios: list[Ratio]) -> Table:
    """Return the table of results for a terminal."""
    shown = Table("ratio", "", "goal", "", "measured", title="Benchmarks")
    for ratio in ratios:
        parts = ", ".join(f"{name} {value:.4g}" for name, value in ratio.measured.items())
        met = "met" if ratio.met else "[bold red]not met"
        shown.add_row(ratio.name, ratio.shown, str(ratio.goal), met, parts)
    return shown
