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


def area(value: Estimated) -> str:
    """Write an area under a curve and its interval: `0.62 (0.53 to 0.71)`."""
    # So many decimals that an area of less than 1 is not written as 1.
    digits = 2 if value.value < 0.995 else 3
    if value.ci_low is None or value.ci_high is None:
        return f"{value.value:.{digits}f}"
    return f"{value.value:.{digits}f} ({value.ci_low:.{digits}f} to {value.ci_high:.{digits}f})"


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
