"""What a finished run printed, kept beside its tables: asking for the same again then needs no Spark.

Files are compared by name, size and time of change, as make and git do. Where any of them differs, the run
itself decides by content whether there is something to do.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from covid_xray.dataset.metadata import MANIFEST
from covid_xray.software import code_id, versions
from covid_xray.stages.report import headline
from covid_xray.storage.tables import Tables
from radiograph import walk
from sparkdl.files import atomic_write

from jobs.local.request import RunRequest


@dataclass(frozen=True)
class RunCache:
    """A run and the table that it ended with."""

    run_id: str
    columns: list[str]
    rows: list[list[str]]

    @classmethod
    def of(cls, tables: Tables, run_id: str) -> RunCache:
        """Read the table that a run ends with."""
        columns, rows = headline(tables, run_id)
        return cls(run_id, list(columns), rows)


def fingerprint(request: RunRequest) -> str:
    """Hash what was asked for and what it would be computed from."""
    asked = [request.parameters(), request.settings.model_dump(mode="json"), code_id(), versions()]
    state = json.dumps([*asked, *_files(request)], sort_keys=True)
    return hashlib.sha256(state.encode()).hexdigest()


def find(request: RunRequest, inputs: str) -> RunCache | None:
    """Return what is cached for equal inputs, unless page or tables have changed since."""
    try:
        kept = json.loads(_place(request, inputs).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    if kept.pop("outputs") != _outputs(request):
        return None
    return RunCache(**kept)


def keep(request: RunRequest, inputs: str, cached: RunCache) -> None:
    """Cache what a run printed that has succeeded; `inputs` is the fingerprint from before it."""
    place = _place(request, inputs)
    place.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(cached) | {"outputs": _outputs(request)})
    atomic_write(place, lambda part: part.write_text(text, encoding="utf-8"))


def _place(request: RunRequest, inputs: str) -> Path:
    return request.output / "run_cache" / f"{inputs}.json"


def _outputs(request: RunRequest) -> list[list[object]]:
    """Every command that changes a run commits to `runs`."""
    commits = sorted((request.warehouse / "runs" / "_delta_log").glob("*.json"))
    return [_stat(file) for file in [*commits[-1:], request.page]]


def _files(request: RunRequest) -> Iterator[list[object]]:
    there = [name for name in request.settings.classes if (request.data / name).is_dir()]
    for found in walk(request.data, there):
        yield [found.path, str(found.refused), *_stat(found.file)]
    for beside in (request.data / MANIFEST, request.patients):
        yield _stat(beside) if beside else []
    weights = Path(request.weights)
    yield from map(_stat, sorted(weights.glob("*.h5")) if weights.is_dir() else [weights])


def _stat(file: Path) -> list[object]:
    try:
        found = file.stat()
    except OSError:
        return [str(file), None]
    return [str(file), found.st_size, found.st_mtime_ns]
