"""Cache of the results that a finished run printed: repeating the same command then needs no Spark.

Files are compared by name, size and modification time, as make and git do. If any of them differs, the run
itself compares contents and decides whether there is work to do.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from covid_xray.dataset.metadata import MANIFEST, METADATA
from covid_xray.software import code_id, versions
from covid_xray.stages.report import headline
from covid_xray.storage.tables import Tables
from radiograph import walk
from sparkdl.files import atomic_write

from jobs.local.request import RunRequest


@dataclass(frozen=True)
class RunCache:
    """A run, its table of results, and a verdict on each task."""

    run_id: str
    columns: list[str]
    rows: list[list[str]]
    verdicts: list[str]

    @classmethod
    def of(cls, tables: Tables, run_id: str) -> RunCache:
        """Read the table of results of a run."""
        columns, rows, verdicts = headline(tables, run_id)
        return cls(run_id, list(columns), rows, verdicts)


def fingerprint(request: RunRequest) -> str:
    """Hash a request and all its inputs: the cache key."""
    parameters = [request.parameters(), request.settings.model_dump(mode="json"), code_id(), versions()]
    state = json.dumps([*parameters, *_files(request)], sort_keys=True)
    return hashlib.sha256(state.encode()).hexdigest()


def load_cached(request: RunRequest, inputs: str) -> RunCache | None:
    """Return the cached results for equal inputs, unless the page or the tables have changed since."""
    try:
        entry = json.loads(_cache_file(request, inputs).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    if entry.pop("outputs") != _outputs(request):
        return None
    return RunCache(**entry)


def store(request: RunRequest, inputs: str, cached: RunCache) -> None:
    """Store the results of a successful run; `inputs` is the fingerprint taken before it."""
    file = _cache_file(request, inputs)
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(cached) | {"outputs": _outputs(request)})
    atomic_write(file, lambda part: part.write_text(text, encoding="utf-8"))


def _cache_file(request: RunRequest, inputs: str) -> Path:
    return request.output / "run_cache" / f"{inputs}.json"


def _outputs(request: RunRequest) -> list[list[object]]:
    """Return the state of the outputs; every command that changes a run commits to `runs`."""
    commits = sorted((request.warehouse / "runs" / "_delta_log").glob("*.json"))
    return [_stat(file) for file in [*commits[-1:], request.page]]


def _files(request: RunRequest) -> Iterator[list[object]]:
    folders = [name for name in request.settings.classes if (request.data / name).is_dir()]
    for found in walk(request.data, folders):
        yield [found.path, str(found.refused), *_stat(found.file)]
    for file in (request.data / MANIFEST, request.data / METADATA, request.patients):
        yield _stat(file) if file else []
    yield from (_stat(own.file) for own in request.settings.networks.values())
    weights = Path(request.weights)
    yield from map(_stat, sorted(weights.glob("*.h5")) if weights.is_dir() else [weights])


def _stat(file: Path) -> list[object]:
    try:
        stat = file.stat()
    except OSError:
        return [str(file), None]
    return [str(file), stat.st_size, stat.st_mtime_ns]
