"""The command `run`: start or resume a run, execute the job's tasks and print the results."""

from __future__ import annotations

from argparse import Namespace
from contextlib import suppress
from datetime import UTC, datetime

from covid_xray.dataset.data_folder import DataFolder, inventory
from covid_xray.errors import CovidXrayError
from covid_xray.features.networks import resolve_weights
from covid_xray.features.precision import settle_precision
from covid_xray.registry.registry import registry_at
from covid_xray.stages.register import unregistered
from covid_xray.storage import runs
from covid_xray.storage.session import CATALOG, SCHEMA, attach_warehouse, local_session
from covid_xray.storage.tables import Tables
from jobgraph import State
from sparkdl import SparkdlError
from sparkdl.weights import kind_of

from jobs.local.graph import run_graph, show_failures
from jobs.local.request import EXPERIMENT, RunRequest, backbones_at_once, spark_log, tracking_uri
from jobs.local.run_cache import RunCache, fingerprint, load_cached, store
from jobs.local.terminal import Terminal

JOB = "training"


def run(request: RunRequest, args: Namespace) -> int:
    """Execute the requested run; return 0 if all its rows succeeded, else 1."""
    inputs = fingerprint(request)
    with Terminal() as terminal:
        cached = None if args.again else load_cached(request, inputs)
        if cached is not None:
            _print_nothing_to_do(request, cached, terminal)
            return 0
        log = spark_log(request.output)
        terminal.print(f"Starting Spark on {args.master}; its log is {log}")
        spark = local_session(args.master, log)
        attach_warehouse(spark, request.warehouse)
        tables = Tables(spark, CATALOG, SCHEMA)
        run_id = None if args.again else _previous_run(request, tables)
        if run_id is not None and request.page.is_file() and _is_complete(request, tables, run_id):
            cached = RunCache.of(tables, run_id)
            store(request, inputs, cached)
            _print_nothing_to_do(request, cached, terminal)
            return 0
        run_id = run_id or runs.new_run_id(datetime.now(UTC))
        result = run_graph(JOB, request.parameters(), run_id, terminal, backbones_at_once(request))
        # Without tables there are no results to show; the failures printed below give the reason.
        with suppress(CovidXrayError):
            cached = RunCache.of(tables, run_id)
            reported = result.states["report"] is not State.UPSTREAM_FAILED
            _print_results(request, cached, terminal, reported)
            if result.succeeded:
                store(request, inputs, cached)
        show_failures(result, terminal, args.debug)
        return 0 if result.succeeded else 1


def _previous_run(request: RunRequest, tables: Tables) -> str | None:
    """Return the newest run with the same inputs."""
    if not tables.exist():
        return None
    # Tables of an earlier version may lack a column that is read here.
    tables.create_all()
    settings, _ = settle_precision(tables.spark, request.settings)
    found = inventory(tables.spark, DataFolder(request.data, request.patients), settings.classes)
    return runs.find_run(tables, runs.inputs_id(found.files, request.weights, settings))


def _is_complete(request: RunRequest, tables: Tables, run_id: str) -> bool:
    """Return whether all rows have succeeded and their models are registered."""
    if not _all_succeeded(request, tables, run_id):
        return False
    registry = registry_at(tracking_uri(request.output), CATALOG, SCHEMA, EXPERIMENT)
    return not any(unregistered(tables, run_id, backbone, registry) for backbone in request.backbones)


def _all_succeeded(request: RunRequest, tables: Tables, run_id: str) -> bool:
    rows = {(row["backbone"], row["task"]): row for row in runs.state(tables, run_id)}
    requested = [rows.get((backbone, task)) for backbone in request.backbones for task in request.tasks]
    return all(row and row["status"] == runs.SUCCEEDED and _same_weights(request, row) for row in requested)


def _same_weights(request: RunRequest, row: dict[str, object]) -> bool:
    """Return whether a row's weights file is unchanged; `imagenet` and seeded weights do not change."""
    name = str(row["backbone"])
    source = request.settings.weights_source(request.weights, name)
    if kind_of(source) != "file":
        return True
    with suppress(SparkdlError):
        weights = resolve_weights(request.settings, source, name, request.output / "weights")
        return weights.sha256 == row["weights_id"]
    return False


def _print_nothing_to_do(request: RunRequest, cached: RunCache, terminal: Terminal) -> None:
    terminal.print(f"Nothing to do: run {cached.run_id} already has these results; --again repeats it")
    _print_results(request, cached, terminal, reported=True)


def _print_results(request: RunRequest, cached: RunCache, terminal: Terminal, reported: bool) -> None:
    """Print a run's results, and the path of its report unless `report` was skipped."""
    terminal.table(f"Run {cached.run_id}", cached.columns, cached.rows)
    for verdict in cached.verdicts:
        terminal.print(verdict)
    if reported and request.page.is_file():
        terminal.print(f"Tables: {request.warehouse}\nReport: {request.page}")
