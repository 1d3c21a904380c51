"""How figures are written wherever they are shown."""

from __future__ import annotations

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
