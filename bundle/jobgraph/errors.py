"""The error of this package."""

from __future__ import annotations


class JobGraphError(ValueError):
    """Raised when a bundle or its job graph is invalid. The message is one line: what, where, what to do."""
