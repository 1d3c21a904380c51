"""The errors of this package, and how any error is reduced to one line."""

from __future__ import annotations

import re

_TRACEBACK = "Traceback (most recent call last):"
_CLASS = r"(?:\w+\.)*[A-Z]\w*(?:Error|Exception): "
# How SQLAlchemy wraps the message of a database: https://docs.sqlalchemy.org/en/20/errors.html
_DATABASE = re.compile(r"^\((\w+)\.\w+Error\) (.+)$", re.MULTILINE)
_LOST_WORKER = "Python worker exited unexpectedly"


class CovidXrayError(Exception):
    """Base class of this package's errors. The message says what is wrong, where, and what to do."""


class SettingsError(CovidXrayError):
    """Raised when config.yaml or --set contains an unknown key or a value out of range."""


class DataError(CovidXrayError):
    """Raised when the images, patients or manifest do not allow the requested run."""


class SecretError(CovidXrayError):
    """Raised when the key for patient pseudonyms is unavailable or too short."""


class StageError(CovidXrayError):
    """Raised when the input tables of a stage are missing or incomplete."""


class EngineError(CovidXrayError):
    """Raised when Spark cannot be started."""


class ModelError(CovidXrayError):
    """Raised when a model is not registered, or its weights are not those it was trained with."""


class RunFailedError(CovidXrayError):
    """Raised by the last task if a row of `runs` did not succeed."""


def one_line(error: BaseException) -> str:
    """Return the root cause of an error as one line.

    Spark's message begins with the failed operation; the cause is at the end of a worker's traceback or of a
    chain of Java exceptions. The message of MLflow's store contains that of its database.
    """
    text = str(error).strip()
    if not text:
        return type(error).__name__
    if _LOST_WORKER in text:
        return (
            "a Python worker was killed, probably because memory ran out: run again with a lower "
            "execution.batch_size, or with fewer concurrent tasks (--master 'local[1]')"
        )
    if match := _DATABASE.search(text):
        return ": ".join(match.groups())
    if _TRACEBACK in text:
        after = text.rpartition(_TRACEBACK)[2].splitlines()
        text = next((line for line in after if line and not line[0].isspace()), text)
    elif causes := re.findall(rf"^(?:Caused by|): ({_CLASS}.+)$", text, re.MULTILINE):
        text = causes[-1]
    else:
        return text.splitlines()[0]
    return re.sub(rf"^(?:{_CLASS})+", "", text)
