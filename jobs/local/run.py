"""The command `run`: choose or continue a run, go through the job's graph, show how it ended."""

from __future__ import annotations

from argparse import Namespace
from contextlib import suppress
from datetime import UTC, datetime

from covid_xray.dataset.source import Source, inventory
from covid_xray.errors import CovidXrayError
from covid_xray.registry.registry import registry_at
from covid_xray.stages.register import unregistered
from covid_xray.storage import runs
from covid_xray.storage.session import CATALOG, SCHEMA, attach_warehouse, local_session
from covid_xray.storage.tables import Tables
from jobgraph import State
from sparkdl import WeightsError
from sparkdl.weights import kind_of, resolve

from jobs.local.graph import run_graph, show_failures
from jobs.local.request import EXPERIMENT, RunRequest, tracking_uri
from jobs.local.run_cache import RunCache, find, fingerprint, keep
from jobs.local.terminal import Terminal

JOB = "training"


def run(request: RunRequest, args: Namespace) -> int:
    """Run what was asked for; 0 when every row of it has succeeded, else 1."""
    inputs = fingerprint(request)
    with Terminal() as terminal:
        cached = None if args.again else find(request, inputs)
        if cached is not None:
            _say_nothing_to_do(request, cached, terminal)
            return 0
        log = request.output / "logs" / "spark.log"
        terminal.say(f"Starting Spark on {args.master}; its log is {log}")
        spark = local_session(args.master, log)
        attach_warehouse(spark, request.warehouse)
        tables = Tables(spark, CATALOG, SCHEMA)
        run_id = None if args.again else _done_before(request, tables)
        if run_id is not None and request.page.is_file() and _is_complete(request, tables, run_id):
            cached = RunCache.of(tables, run_id)
            keep(request, inputs, cached)
            _say_nothing_to_do(request, cached, terminal)
            return 0
        run_id = run_id or runs.new_run_id(datetime.now(UTC))
        at_once = request.settings.execution.local_backbones
        result = run_graph(JOB, request.parameters(), run_id, terminal, at_once)
        # Without tables there is nothing to show, and the failure that follows says why.
        with suppress(CovidXrayError):
            cached = RunCache.of(tables, run_id)
            reported = result.states["report"] is not State.UPSTREAM_FAILED
            _show(request, cached, terminal, reported)
            if result.succeeded:
                keep(request, inputs, cached)
        show_failures(result, terminal, args.debug)
        return 0 if result.succeeded else 1


def _done_before(request: RunRequest, tables: Tables) -> str | None:
    """Return the newest run from the same inputs."""
    if not tables.exist():
        return None
    # Those of an earlier version may lack a column that is looked at here.
    tables.create_all()
    files = inventory(tables.spark, Source(request.data, request.patients), request.settings.classes)
    return runs.find(tables, runs.inputs_id(files, request.weights, request.settings))


def _is_complete(request: RunRequest, tables: Tables, run_id: str) -> bool:
    """Tell whether every row has succeeded and its model is registered."""
    if not _all_succeeded(request, tables, run_id):
        return False
    registry = registry_at(tracking_uri(request.output), CATALOG, SCHEMA, EXPERIMENT)
    return not any(unregistered(tables, run_id, backbone, registry) for backbone in request.backbones)


def _all_succeeded(request: RunRequest, tables: Tables, run_id: str) -> bool:
    rows = {(row["backbone"], row["task"]): row for row in runs.state(tables, run_id)}
    asked = [rows.get((backbone, task)) for backbone in request.backbones for task in request.tasks]
    return all(row and row["status"] == runs.SUCCEEDED and _same_weights(request, row) for row in asked)


def _same_weights(request: RunRequest, row: dict[str, object]) -> bool:
    """A file may have changed since; what `imagenet` and a seed stand for does not."""
    if kind_of(request.weights) != "file":
        return True
    with suppress(WeightsError):
        found = resolve(
            request.weights, str(row["backbone"]), request.output / "weights", request.settings.seed
        )
        return found.sha256 == row["weights_id"]
    return False


def _say_nothing_to_do(request: RunRequest, cached: RunCache, terminal: Terminal) -> None:
    terminal.say(f"Nothing to do: run {cached.run_id} has all of it already; --again repeats it")
    _show(request, cached, terminal, reported=True)


def _show(request: RunRequest, cached: RunCache, terminal: Terminal, reported: bool) -> None:
    """Print a run's table, and where its page is: an earlier run's may be there where this one has none."""
    terminal.table(f"Run {cached.run_id}", cached.columns, cached.rows)
    if reported and request.page.is_file():
        terminal.say(f"Tables: {request.warehouse}\nReport: {request.page}")
