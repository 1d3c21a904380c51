"""What a shell holds for other work must not reach the engine that runs here.

The lock file fixes the versions of all parts. A variable that points Spark, Keras or MLflow to other parts,
files or servers would make a run something else than what was tested, mostly without a word.
"""

from __future__ import annotations

import locale
import os
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import suppress

# By the beginnings of their names: other installations, settings and masters of Spark and Hadoop; other
# stores and runs of MLflow; other backends and kernels of Keras and TensorFlow; Arrow's old format; how
# figures are drawn; the repository whose commit git would tell.
_FOREIGN = (
    *("SPARK_", "PYSPARK_", "HADOOP_", "YARN_", "HIVE_", "MLFLOW_", "DATABRICKS_"),
    *("KERAS_", "TF_", "XLA_", "ARROW_", "MATPLOTLIB", "MPL"),
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"),
)
# Of these: where there is space, where weights are, and how much is said.
_KEPT = frozenset({"SPARK_LOCAL_DIRS", "KERAS_HOME", "TF_CPP_MIN_LOG_LEVEL", "MPLCONFIGDIR"})
# Variables of Python that change neither what is imported nor what is computed.
_KEPT_OF_PYTHON = frozenset(
    {
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONFAULTHANDLER",
        "PYTHONHASHSEED",
        "PYTHONPYCACHEPREFIX",
        "PYTHONSAFEPATH",
        "PYTHONUNBUFFERED",
        "PYTHONUTF8",
    }
)
# With them, Python reads and writes UTF-8, and imports nothing from the folder where a command is typed.
_OWN = {"PYTHONUTF8": "1", "PYTHONSAFEPATH": "1"}
# Java names files in the encoding of the locale, which also says how it writes numbers. Not every system
# has both.
_LOCALES = ("C.UTF-8", "en_US.UTF-8")


def isolate(environment: MutableMapping[str, str] = os.environ) -> None:
    """Remove variables for other work, and set the locale, for this process and those that it starts."""
    for name in list(environment):
        if (name.startswith(_FOREIGN) and name not in _KEPT) or _is_foreign_to_python(name):
            del environment[name]
    if (known := _known_locale()) is not None:
        environment["LC_ALL"] = known


def restart_if_needed(arguments: list[str], environment: Mapping[str, str] = os.environ) -> None:
    """Start this Python again if variables have changed what it imports, or how it reads names of files.

    Parameters
    ----------
    arguments : list of str
        Those of the interpreter, such as `-m jobs.local`, and of the command.
    """
    reads_utf8 = environment.get("PYTHONUTF8") == "1" or sys.getfilesystemencoding() == "utf-8"
    if reads_utf8 and not any(map(_is_foreign_to_python, environment)):
        return
    own = {name: value for name, value in environment.items() if not _is_foreign_to_python(name)}
    os.execve(sys.executable, [sys.executable, *arguments], own | _OWN)  # noqa: S606


def _known_locale() -> str | None:
    """Return the first of the locales that this system has."""
    own = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in _LOCALES:
            with suppress(locale.Error):
                return locale.setlocale(locale.LC_CTYPE, name)
        return None
    finally:
        locale.setlocale(locale.LC_CTYPE, own)


def _is_foreign_to_python(name: str) -> bool:
    return name.startswith("PYTHON") and name not in _KEPT_OF_PYTHON
