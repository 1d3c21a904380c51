"""What can go wrong in a stage, as one line that a person can act on."""

from __future__ import annotations

import re

_TRACEBACK = "Traceback (most recent call last):"
_CLASS = r"(?:\w+\.)*[A-Z]\w*(?:Error|Exception): "
# SQLAlchemy's words around what a database has said: https://docs.sqlalchemy.org/en/20/errors.html
_DATABASE = re.compile(r"^\((\w+)\.\w+Error\) (.+)$", re.MULTILINE)
_LOST_WORKER = "Python worker exited unexpectedly"


class CovidXrayError(Exception):
    """Root of this package's errors. The message says what is wrong, where, and what to do."""


class SettingsError(CovidXrayError):
    """Raised when config.yaml or a --set names an unknown key or a value out of range."""


class DataError(CovidXrayError):
    """Raised when the given images, patients or manifest cannot make the asked-for run."""


class SecretError(CovidXrayError):
    """Raised when the key of the patients' pseudonyms cannot be had, or gives them away."""


class StageError(CovidXrayError):
    """Raised when a stage finds its input tables missing or incomplete."""


class ModelError(CovidXrayError):
    """Raised when a model cannot be found, or not be used as it was trained."""


class RunFailedError(CovidXrayError):
    """Raised by the last task when a row of `runs` did not succeed."""


def one_line(error: BaseException) -> str:
    """Return what an error comes from, in one line.

    Spark's own message begins with what it was doing; why it failed stands at the end of a worker's traceback
    or of a chain of Java exceptions. MLflow's store names its database.
    """
    text = str(error).strip()
    if not text:
        return type(error).__name__
    if _LOST_WORKER in text:
        return (
            "a Python worker was killed, probably because memory ran out: go on with a lower "
            "execution.batch_size, or with fewer tasks at once (--master 'local[1]')"
        )
    if said := _DATABASE.search(text):
        return ": ".join(said.groups())
    if _TRACEBACK in text:
        after = text.rpartition(_TRACEBACK)[2].splitlines()
        text = next((line for line in after if line and not line[0].isspace()), text)
    elif causes := re.findall(rf"^(?:Caused by|): ({_CLASS}.+)$", text, re.MULTILINE):
        text = causes[-1]
    else:
        return text.splitlines()[0]
    return re.sub(rf"^(?:{_CLASS})+", "", text)
