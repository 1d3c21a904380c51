"""How figures are written wherever they are shown."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol

_DASH = "\N{EN DASH}"


class Estimated(Protocol):
    """A share with its interval and the number of images behind it."""

    @property
    def value(self) -> float:
        """The share."""

    @property
    def ci_low(self) -> float | None:
        """Lower end of the 95 % interval."""

    @property
    def ci_high(self) -> float | None:
        """Upper end."""

    @property
    def n(self) -> int:
        """Images."""


def percent(share: float | None) -> str:
    """Write a share as a percentage with one decimal; a dash for none."""
    return _DASH if share is None else f"{share * 100:.1f}"


def with_interval(value: Estimated | None) -> str:
    """Write a share and its interval, in per cent: `98.4 (94.3 to 99.6)`."""
    if value is None or value.n == 0:
        return percent(None)
    if value.ci_low is None or value.ci_high is None:
        return percent(value.value)
    return f"{percent(value.value)} ({percent(value.ci_low)} to {percent(value.ci_high)})"


def number(value: float | None) -> str:
    """Write what is not a share, such as an area under a curve, with three decimals; a dash for none."""
    return _DASH if value is None else f"{value:.3f}"


def area(value: Estimated | None) -> str:
    """Write an area under a curve, or another number, and its interval: `0.621 (0.534 to 0.712)`."""
    if value is None or value.n == 0:
        return number(None)
    if value.ci_low is None or value.ci_high is None:
        return number(value.value)
    return f"{number(value.value)} ({number(value.ci_low)} to {number(value.ci_high)})"


def weighting(balance: str, sources: Iterable[Collection[str]]) -> str:
    """Say how images weigh in a fit, in a sentence or two.

    Parameters
    ----------
    balance : str
        The setting.
    sources : iterable of collection of str
        Of each class, the names of its sources.
    """
    if balance == "none":
        return "All images weigh the same in every fit."
    groups = (
        "The groups of images of one class and one source weigh the same in every fit, baselines included."
    )
    if any(len(of_class) > 1 for of_class in sources):
        return groups
    return f"{groups} As each class has one source here, this does no more than weigh the classes equally."
