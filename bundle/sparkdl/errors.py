"""The errors of this package. Each message is one line."""

from __future__ import annotations


class SparkdlError(ValueError):
    """Base class of this package's errors."""


class SchemaError(SparkdlError):
    """Raised when a DataFrame does not have the columns that a Transformer needs."""


class WeightsError(SparkdlError):
    """Raised when weights are missing, cannot be downloaded, or belong to another network."""


def one_line(error: Exception) -> str:
    """Return the message of another package's error as one line, cut to 200 characters."""
    return " ".join(str(error).split())[:200]
