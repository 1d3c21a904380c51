"""Checks of values that are given, and the nearest of some names for messages about a wrong one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from numbers import Integral


def nearest(given: object, names: Iterable[str]) -> str | None:
    """Return the name nearest to what was given, whatever its case; None if none is near."""
    by_lower = {name.lower(): name for name in names}
    close = get_close_matches(str(given).lower(), by_lower, n=1)
    return by_lower[close[0]] if close else None


def did_you_mean(given: object, names: Iterable[str]) -> str:
    """Return `, did you mean X?` for the name nearest to what was given; else nothing."""
    near = nearest(given, names)
    return f", did you mean {near}?" if near else ""


def is_whole(value: object, least: int) -> bool:
    """Tell whether a value is a whole number, of Python or NumPy, of at least `least`; True is none."""
    return not isinstance(value, bool) and isinstance(value, Integral) and int(value) >= least
