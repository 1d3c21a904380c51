"""The commands `score` and `evaluate`: a registered model on images that it has not seen."""

from __future__ import annotations

import json
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path

from covid_xray.errors import RunFailedError
from covid_xray.evaluation.protocols import EXTERNAL
from covid_xray.evaluation.results_model import Value
from covid_xray.registry.registry import registry_at
from covid_xray.settings import parse_changes
from covid_xray.stages.report import write_report
from covid_xray.stages.report.narrative import percent, with_interval
from covid_xray.storage import runs
from covid_xray.storage.session import CATALOG, SCHEMA
from covid_xray.storage.tables import Tables
from pyspark.sql import functions as F

from jobs.local.graph import run_graph, show_failures
from jobs.local.request import tracking_uri
from jobs.local.terminal import Terminal

# Lines of a table on a terminal; the rest is in the Delta table.
_SHOWN = 20


def score(args: Namespace, tables: Tables) -> int:
    """Score the images of a folder, and show the newest scores; 0 when the job has succeeded."""
    now = datetime.now(UTC)
    with Terminal() as terminal:
        result = run_graph("scoring", _parameters(args), runs.new_run_id(now), terminal)
        show_failures(result, terminal, args.debug)
        if result.succeeded:
            _show_scores(tables, now, terminal)
        return 0 if result.succeeded else 1


def evaluate(args: Namespace, tables: Tables) -> int:
    """Evaluate a model on a labelled folder, and bring the page of its run up to date."""
    now = datetime.now(UTC)
    parameters = _parameters(args) | {"patients": str(args.patients.resolve()) if args.patients else ""}
    with Terminal() as terminal:
        result = run_graph("evaluation", parameters, runs.new_run_id(now), terminal)
        show_failures(result, terminal, args.debug)
        if result.succeeded:
            _show_figures(args, tables, now, terminal)
        return 0 if result.succeeded else 1


def _parameters(args: Namespace) -> dict[str, str]:
    return {
        "config": str(args.config.resolve()),
        "catalog": CATALOG,
        "schema": SCHEMA,
        "data": str(args.data.resolve()),
        "model": args.model,
        # What stays on this machine says whose it is.
        "patient_id_key": "",
        "tracking_uri": tracking_uri(args.output),
        "settings": json.dumps(parse_changes(args.set)),
    }


def _show_scores(tables: Tables, since: datetime, terminal: Terminal) -> None:
    new = tables.read("scores").where(F.col("scored_at") >= since)
    rows = new.orderBy("path").limit(_SHOWN).collect()
    shown = [
        [
            row["path"],
            row["prediction"],
            percent(max(row["probability"])),
            "yes" if row["out_of_distribution"] else "no",
        ]
        for row in rows
    ]
    if shown:
        terminal.table(
            f"{len(rows)} of the new scores; all are in the table scores",
            ("image", "prediction", "probability, %", "out of distribution"),
            shown,
        )


def _show_figures(args: Namespace, tables: Tables, now: datetime, terminal: Terminal) -> None:
    about = registry_at(tracking_uri(args.output), CATALOG, SCHEMA).fetch(args.model).model.about
    key = {"run_id": about.run_id, "backbone": about.backbone, "task": about.task, "protocol": EXTERNAL}
    rows = tables.matching("metrics", key).where(F.col("metric").isin("accuracy", "recall", "auroc"))
    shown = [
        [
            row["metric"],
            row["class"] or "",
            with_interval(Value(row["value"], row["ci_low"], row["ci_high"], row["n"])),
            str(row["n"]),
        ]
        for row in rows.orderBy("metric", "class").collect()
    ]
    terminal.table(f"{args.model} on {args.data}", ("figure", "class", "% (95 % CI)", "images"), shown)
    page = _rewrite_page(tables, about.run_id, args.output / "report", now)
    terminal.say(f"Report: {page}")


def _rewrite_page(tables: Tables, run_id: str, reports: Path, now: datetime) -> Path:
    try:
        return write_report(tables, run_id, reports, now)
    except RunFailedError:
        # The page is written all the same; that other rows failed has been said when they did.
        return reports / "index.html"
