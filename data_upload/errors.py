"""What stops a command of this package, in one line."""

from __future__ import annotations


class DataUploadError(Exception):
    """Raised with what is wrong, where, and what to do."""
