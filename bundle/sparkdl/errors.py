"""What this package refuses, in one line each."""

from __future__ import annotations


class SparkdlError(ValueError):
    """Root of this package's errors."""


class SchemaError(SparkdlError):
    """Raised when a DataFrame does not have the columns that a Transformer needs."""


class WeightsError(SparkdlError):
    """Raised when weights are missing, cannot be fetched, or belong to another network."""


def one_line(error: Exception) -> str:
    """Return what an error of another package says, in one line that leaves room for what to do."""
    return " ".join(str(error).split())[:200]
