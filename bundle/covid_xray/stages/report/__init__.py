"""Report: one page with all results of a run, the baselines beside them, and how to read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from sparkdl.files import atomic_write

from covid_xray.errors import RunFailedError
from covid_xray.evaluation.results_model import Result
from covid_xray.evaluation.wording import percent, with_interval
from covid_xray.stages.report.collect import collect
from covid_xray.stages.report.explained import Explanation, read_explanations
from covid_xray.stages.report.figures import write_figures
from covid_xray.stages.report.gallery import read_gallery
from covid_xray.stages.report.judged import verdicts
from covid_xray.stages.report.narrative import signed
from covid_xray.stages.report.page import render, timed
from covid_xray.stages.report.strata import left_out_lines
from covid_xray.stages.report.values import Report
from covid_xray.storage import runs
from covid_xray.storage.tables import Tables


def write_report(tables: Tables, run_id: str, reports: Path, now: datetime) -> Path:
    """Write `index.html`, and pictures with their data below `figures/`, to `reports`; return the page.

    Raises
    ------
    RunFailedError
        After the page is written, when a row of this run did not succeed, or one that did lacks baselines,
        comparisons or maps: the job's last task must then fail.
    """
    return write_page(tables, collect(tables, run_id), reports, now)


def write_page(tables: Tables, report: Report, reports: Path, now: datetime) -> Path:
    """Do what `write_report` does, of a run whose rows are collected."""
    pictures = write_figures(report, reports)
    page = reports / "index.html"
    explanations, gallery = read_explanations(tables, report), read_gallery(tables, report)
    text = render(report, pictures, explanations, gallery, now)
    atomic_write(page, lambda place: place.write_text(text, encoding="utf-8"))
    if lacking := missing_results(report, explanations):
        are = "is" if len(lacking) == 1 else "are"
        raise RunFailedError(f"{len(lacking)} of the run's results {are} missing: {'; '.join(lacking)}")
    return page


def headline(tables: Tables, run_id: str) -> tuple[tuple[str, ...], list[list[str]], list[str]]:
    """Return what ends a run on a terminal: the columns and rows of a table, and lines to print below it.

    The lines are the weights of the networks that have results, what the best network reaches on each source
    that was left out, and a verdict on each task.
    """
    report = collect(tables, run_id)
    shown = [r for task in report.tasks for r in [*report.networks(task), *report.baselines(task)[:1]]]
    weights = "; ".join(dict.fromkeys(_weights(r) for r in shown if r.is_network and r.headline))
    lines = [f"Weights: {weights}"] if weights else []
    lines += left_out_lines(report.left_out)
    return _columns(shown), [_line(report, r) for r in shown], [*lines, *verdict_lines(report)]


def verdict_lines(report: Report) -> list[str]:
    """Return the verdict on each task as a line."""
    return [f"{task}: {verdict.text}" for task, verdict in verdicts(report)]


def missing_results(report: Report, explanations: Sequence[Explanation]) -> list[str]:
    """Return a line for each result that a run lacks, of networks, baselines, comparisons and maps."""
    return [
        *_unfinished(report),
        *(f"audit {task}: no baselines" for task in report.tasks if not report.baselines(task)),
        *_not_compared(report),
        *_not_explained(report, explanations),
    ]


def _columns(shown: Sequence[Result]) -> tuple[str, ...]:
    positive = " or ".join(dict.fromkeys(result.classes[0] for result in shown))
    return (
        *("classifier", "task", "accuracy, % (95 % CI)", "margin over best baseline, points"),
        *(f"recall of {positive}, %", "time for features and fits"),
    )


def _line(report: Report, result: Result) -> list[str]:
    strictest = result.headline
    recall = strictest.per_class[result.classes[0]].get("recall") if strictest else None
    margin = report.margin(result, result.headline_protocol)
    return [
        result.name,
        result.task,
        with_interval(strictest.overall["accuracy"]) if strictest else result.status,
        signed(margin.difference) if margin else percent(None) if result.kind == "backbone" else result.kind,
        percent(recall.value if recall else None),
        timed(result),
    ]


def _weights(result: Result) -> str:
    return result.weights + (", lungs only" if result.preprocessing == "lungs" else "")


def _unfinished(report: Report) -> Iterator[str]:
    for result in report.results:
        own = result.is_network and result.run_id == report.run_id
        if own and result.status != runs.SUCCEEDED:
            yield f"{result.name} {result.task} {result.status}: {result.error or 'not reached'}"


def _not_compared(report: Report) -> Iterator[str]:
    compared = {(found.task, found.first) for found in report.comparisons}
    for task in report.tasks:
        networks = [result.name for result in report.networks(task) if result.headline]
        if networks and report.baselines(task) and not compared & {(task, name) for name in networks}:
            yield f"compare {task}: no comparisons"


def _not_explained(report: Report, explanations: Sequence[Explanation]) -> Iterator[str]:
    if report.settings["pooling"] == "max":
        # Maxima over the cells do not add up to a map.
        return
    explained = {(found.name, found.task) for found in explanations}
    own = report.settings.get("networks", {})
    # A model in a file may return a vector, of which there are no maps.
    models = {name for name, network in own.items() if network["model"]}
    for result in report.results:
        is_explained = (result.name, result.task) in explained or result.name in models
        if result.is_network and result.headline and not is_explained:
            yield f"explain {result.name} {result.task}: no maps"
