"""The commands `score` and `evaluate`: apply a registered model to new images."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from covid_xray.dataset.arrivals import check_checkpoint
from covid_xray.dataset.metadata import read_tables
from covid_xray.errors import RunFailedError
from covid_xray.evaluation.contrast import AUROC, FALSE_POSITIVES
from covid_xray.evaluation.protocols import CONTRAST, EXTERNAL
from covid_xray.evaluation.results_model import Value
from covid_xray.evaluation.wording import area, percent, with_interval
from covid_xray.progress import counted
from covid_xray.registry.registry import Registry, registry_at
from covid_xray.registry.saved import About, SavedModel
from covid_xray.settings import load_settings, parse_changes
from covid_xray.stages.report import verdict_lines, write_page
from covid_xray.stages.report.collect import collect
from covid_xray.stages.report.values import Report
from covid_xray.storage import runs
from covid_xray.storage.session import CATALOG, SCHEMA
from covid_xray.storage.tables import Tables
from pyspark.sql import functions as F
from radiograph import class_folders

from jobs.local.graph import run_graph, show_failures
from jobs.local.request import tracking_uri
from jobs.local.terminal import Terminal

# Rows printed on a terminal; all rows are in the Delta table.
_MAX_ROWS = 20
# Metrics printed, by protocol, and how.
_SHOWN: Mapping[str, Mapping[str, Callable[[Value], str]]] = {
    EXTERNAL: dict.fromkeys(("accuracy", "recall", "specificity"), with_interval) | {"auroc": area},
    CONTRAST: dict.fromkeys(("recall", FALSE_POSITIVES), with_interval) | {AUROC: area},
}


def check(args: Namespace) -> None:
    """Check the arguments of `score` and `evaluate` before Spark is started.

    Raises
    ------
    CovidXrayError
        If a setting is wrong, a file of patients or metadata does not serve, the checkpoint cannot be used,
        or the model does not exist.
    FolderError
        If the folder does not exist.
    """
    load_settings(args.config, parse_changes(args.set))
    folder = _folder(args)
    class_folders(folder)
    if "patients" in args:
        read_tables(folder, args.patients)
    if "checkpoint" in args and args.checkpoint:
        check_checkpoint(args.checkpoint, folder)
    _registry(args).find(args.model)


def score(args: Namespace, tables: Tables) -> int:
    """Score the images of a folder and print the new scores; return 0 if the job succeeded."""
    now = datetime.now(UTC)
    parameters = _parameters(args) | {"checkpoint": _resolved(args.checkpoint)}
    run_id = runs.new_run_id(now)
    with Terminal() as terminal:
        result = run_graph("scoring", parameters, run_id, terminal)
        show_failures(result, terminal, args.debug)
        if result.succeeded:
            _print_refused(tables, run_id, terminal)
            _print_scores(tables, now, terminal)
        return 0 if result.succeeded else 1


def evaluate(args: Namespace, tables: Tables) -> int:
    """Evaluate a model on a labelled folder and update the report of the model's run."""
    now = datetime.now(UTC)
    parameters = _parameters(args) | {name: _resolved(vars(args)[name]) for name in ("patients", "contrast")}
    # The evaluation may find that the champion, which a name alone stands for, should be none.
    about = _registry(args).fetch(args.model).model.about
    with Terminal() as terminal:
        result = run_graph("evaluation", parameters, runs.new_run_id(now), terminal)
        show_failures(result, terminal, args.debug)
        if result.succeeded:
            _print_metrics(args, about, tables, now, terminal)
        return 0 if result.succeeded else 1


def _parameters(args: Namespace) -> dict[str, str]:
    return {
        "config": str(args.config.resolve()),
        "catalog": CATALOG,
        "schema": SCHEMA,
        "data": _resolved(args.data),
        "model": args.model,
        # Patient ids stay unchanged: the tables do not leave this machine.
        "patient_id_key": "",
        "tracking_uri": tracking_uri(args.output),
        "settings": json.dumps(parse_changes(args.set)),
    }


def _folder(args: Namespace) -> Path:
    folder: Path = args.data or args.contrast
    return folder


def _resolved(path: Path | None) -> str:
    return str(path.resolve()) if path else ""


def _registry(args: Namespace) -> Registry:
    return registry_at(tracking_uri(args.output), CATALOG, SCHEMA)


def fetch_model(args: Namespace) -> SavedModel:
    """Load the registered model that `--model` names; raise ModelError if there is none."""
    return _registry(args).fetch(args.model).model


def _print_refused(tables: Tables, run_id: str, terminal: Terminal) -> None:
    refused = tables.matching("quarantine", {"run_id": run_id}).groupBy("reason").count()
    reasons = [f"{row['reason']} ({row['count']})" for row in refused.orderBy("reason").collect()]
    if reasons:
        terminal.print(f"Refused: {', '.join(reasons)}; the table quarantine names the files")


def _print_scores(tables: Tables, since: datetime, terminal: Terminal) -> None:
    new = tables.read("scores").where(F.col("scored_at") >= since)
    found = new.orderBy("path").limit(_MAX_ROWS + 1).collect()
    title = counted(len(found), "new score")
    if len(found) > _MAX_ROWS:
        title = f"the first {_MAX_ROWS} new scores; the table scores has all"
    lines = [
        [
            row["path"],
            row["prediction"],
            percent(max(row["probability"])),
            "yes" if row["out_of_distribution"] else "no",
        ]
        for row in found[:_MAX_ROWS]
    ]
    if lines:
        terminal.table(title, ("image", "prediction", "probability, %", "out of distribution"), lines)


def _print_metrics(args: Namespace, about: About, tables: Tables, now: datetime, terminal: Terminal) -> None:
    protocol = EXTERNAL if args.data else CONTRAST
    key = {"run_id": about.run_id, "backbone": about.backbone, "task": about.task, "protocol": protocol}
    written = _SHOWN[protocol]
    rows = tables.matching("metrics", key).where(F.col("metric").isin(*written))
    lines = [
        [
            row["metric"],
            row["class"] or "",
            written[row["metric"]](Value(row["value"], row["ci_low"], row["ci_high"], row["n"])),
            str(row["n"]),
        ]
        for row in rows.orderBy("metric", "class").collect()
    ]
    terminal.table(
        f"{args.model} on {_folder(args)}", ("metric", "class", "AUROC, else % (95 % CI)", "images"), lines
    )
    report = collect(tables, about.run_id)
    page = _update_page(tables, report, args.output / "report", now)
    for verdict in verdict_lines(report):
        terminal.print(verdict)
    terminal.print(f"Report: {page}")


def _update_page(tables: Tables, report: Report, reports: Path, now: datetime) -> Path:
    try:
        return write_page(tables, report, reports, now)
    except RunFailedError:
        # The page has been written; failures of other rows were reported by the run itself.
        return reports / "index.html"
