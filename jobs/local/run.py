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

from jobs.local.graph import go_through, tell_failures
from jobs.local.receipt import Receipt, find, fingerprint, keep
from jobs.local.request import EXPERIMENT, Wanted, tracking_uri
from jobs.local.terminal import Terminal

JOB = "training"


def run(wanted: Wanted, args: Namespace) -> int:
    """Run what was asked for; 0 when every row of it has succeeded, else 1."""
    inputs = fingerprint(wanted)
    with Terminal() as terminal:
        receipt = None if args.again else find(wanted, inputs)
        if receipt is not None:
            _say_nothing_to_do(wanted, receipt, terminal)
            return 0
        log = wanted.output / "logs" / "spark.log"
        terminal.say(f"Starting Spark on {args.master}; its log is {log}")
        spark = local_session(args.master, log)
        attach_warehouse(spark, wanted.warehouse)
        tables = Tables(spark, CATALOG, SCHEMA)
        run_id = None if args.again else _done_before(wanted, tables)
        if run_id is not None and wanted.page.is_file() and _is_complete(wanted, tables, run_id):
            receipt = Receipt.of(tables, run_id)
            keep(wanted, inputs, receipt)
            _say_nothing_to_do(wanted, receipt, terminal)
            return 0
        run_id = run_id or runs.new_run_id(datetime.now(UTC))
        at_once = wanted.settings.execution.local_backbones
        result = go_through(JOB, wanted.parameters(), run_id, terminal, at_once)
        # Without tables there is nothing to show, and the failure that follows says why.
        with suppress(CovidXrayError):
            receipt = Receipt.of(tables, run_id)
            reported = result.states["report"] is not State.UPSTREAM_FAILED
            _show(wanted, receipt, terminal, reported)
            if result.succeeded:
                keep(wanted, inputs, receipt)
        tell_failures(result, terminal, args.debug)
        return 0 if result.succeeded else 1


def _done_before(wanted: Wanted, tables: Tables) -> str | None:
    """Return the newest run from the same inputs."""
    if not tables.exist():
        return None
    # Those of an earlier version may lack a column that is looked at here.
    tables.create_all()
    files = inventory(tables.spark, Source(wanted.data, wanted.patients), wanted.settings.classes)
    return runs.find(tables, runs.inputs_id(files, kind_of(wanted.weights), wanted.settings))


def _is_complete(wanted: Wanted, tables: Tables, run_id: str) -> bool:
    """Tell whether every row has succeeded and its model is registered."""
    if not _all_succeeded(wanted, tables, run_id):
        return False
    registry = registry_at(tracking_uri(wanted.output), CATALOG, SCHEMA, EXPERIMENT)
    return not any(unregistered(tables, run_id, backbone, registry) for backbone in wanted.backbones)


def _all_succeeded(wanted: Wanted, tables: Tables, run_id: str) -> bool:
    rows = {(row["backbone"], row["task"]): row for row in runs.state(tables, run_id)}
    asked = [rows.get((backbone, task)) for backbone in wanted.backbones for task in wanted.tasks]
    return all(row and row["status"] == runs.SUCCEEDED and _same_weights(wanted, row) for row in asked)


def _same_weights(wanted: Wanted, row: dict[str, object]) -> bool:
    """A file may have changed since; what `imagenet` and a seed stand for does not."""
    if kind_of(wanted.weights) != "file":
        return True
    with suppress(WeightsError):
        found = resolve(wanted.weights, str(row["backbone"]), wanted.output / "weights", wanted.settings.seed)
        return found.sha256 == row["weights_id"]
    return False


def _say_nothing_to_do(wanted: Wanted, receipt: Receipt, terminal: Terminal) -> None:
    terminal.say(f"Nothing to do: run {receipt.run_id} has all of it already; --again repeats it")
    _show(wanted, receipt, terminal, reported=True)


def _show(wanted: Wanted, receipt: Receipt, terminal: Terminal, reported: bool) -> None:
    """Print a run's table, and where its page is: an earlier run's may be there where this one has none."""
    terminal.table(f"Run {receipt.run_id}", receipt.columns, receipt.rows)
    if reported and wanted.page.is_file():
        terminal.say(f"Tables: {wanted.warehouse}\nReport: {wanted.page}")
