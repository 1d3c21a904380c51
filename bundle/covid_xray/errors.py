"""What can go wrong in a stage, as one line that a person can act on."""

from __future__ import annotations


class CovidXrayError(Exception):
    """Root of this package's errors. The message says what is wrong, where, and what to do."""


class SettingsError(CovidXrayError):
    """Raised when config.yaml or a --set names an unknown key or a value out of range."""


class DataError(CovidXrayError):
    """Raised when the given images, patients or manifest cannot make the asked-for run."""


class StageError(CovidXrayError):
    """Raised when a stage finds its input tables missing or incomplete."""


class RunFailedError(CovidXrayError):
    """Raised by the last task when a row of `runs` did not succeed."""
