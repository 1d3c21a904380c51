"""The code behind the results: library versions and a hash of the sources."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from platform import python_version
from typing import Any

_LIBRARIES = (
    *("pyspark", "delta-spark", "tensorflow-cpu", "tensorflow", "keras", "numpy", "pillow", "pydicom"),
    *("scipy", "scikit-learn", "statsmodels"),
)
_PACKAGES = ("radiograph", "sparkdl", "logistic", "covid_xray")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the installed libraries."""
    installed = {"python": python_version()}
    for name in _LIBRARIES:
        try:
            installed[name] = version(name)
        except PackageNotFoundError:
            continue
    return installed


@cache
def code_id() -> str:
    """Hash the sources of the packages that results depend on."""
    digest = hashlib.sha256()
    for package in _PACKAGES:
        for name, text in sorted(_sources(files(package), package)):
            digest.update(f"{name}\0{text}\0".encode())
    return digest.hexdigest()


def _sources(folder: Any, name: str) -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _sources(entry, f"{name}/{entry.name}")
        elif entry.name.endswith(".py"):
            yield f"{name}/{entry.name}", entry.read_text(encoding="utf-8")
