"""Report: one page with every figure of a run, what it is to be held against, and how to read it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sparkdl.files import write_whole

from covid_xray.errors import RunFailedError
from covid_xray.evaluation.protocols import AS_PUBLISHED
from covid_xray.evaluation.results_model import Result
from covid_xray.stages.report.collect import collect
from covid_xray.stages.report.explained import read_explanations
from covid_xray.stages.report.gallery import read_gallery
from covid_xray.stages.report.missing import missing
from covid_xray.stages.report.narrative import percent, points, with_interval
from covid_xray.stages.report.page import draw, render, timed
from covid_xray.stages.report.values import Report
from covid_xray.storage.tables import Tables

COLUMNS = (
    *("backbone", "task", "status", "accuracy, % (95 % CI)", "over best baseline", "recall, %"),
    *("as published (then)", "time", "weights"),
)


def write_report(tables: Tables, run_id: str, reports: Path, now: datetime) -> Path:
    """Write `index.html` and the pictures below `figures/` to `reports`, and return the page.

    Raises
    ------
    RunFailedError
        After the page is written, when a row of this run did not succeed, or nothing stands beside those that
        did: the job's last task must then fail.
    """
    report = collect(tables, run_id)
    pictures = draw(report)
    (reports / "figures").mkdir(parents=True, exist_ok=True)
    for name, png in pictures.items():
        (reports / "figures" / f"{name}.png").write_bytes(png)
    page = reports / "index.html"
    explanations, gallery = read_explanations(tables, report), read_gallery(tables, report)
    text = render(report, pictures, explanations, gallery, now)
    write_whole(page, lambda place: place.write_text(text, encoding="utf-8"))
    if lacking := missing(report, explanations):
        raise RunFailedError(f"{len(lacking)} of the run's results are missing: {'; '.join(lacking)}")
    return page


def headline(tables: Tables, run_id: str) -> tuple[tuple[str, ...], list[list[str]]]:
    """Return the columns and rows of the table that ends a run on a terminal."""
    report = collect(tables, run_id)
    shown = [r for task in report.tasks for r in [*report.networks(task), *report.baselines(task)[:1]]]
    return COLUMNS, [_line(report, result) for result in shown]


def _line(report: Report, result: Result) -> list[str]:
    measured = result.headline
    published = result.measured.get(AS_PUBLISHED)
    accuracy = published.overall["accuracy"] if published else None
    recall = measured.per_class[result.classes[0]].get("recall") if measured else None
    protocol = next((name for name, found in result.measured.items() if found is measured), "")
    return [
        result.name,
        result.task,
        result.status if result.kind == "backbone" else result.kind,
        with_interval(measured.overall["accuracy"] if measured else None),
        points(report.lift(result, protocol)),
        percent(recall.value if recall else None),
        percent(accuracy.value if accuracy else None)
        + (f" ({percent(accuracy.published)})" if accuracy and accuracy.published else ""),
        timed(result),
        result.weights + (", lungs only" if result.preprocessing == "lungs" else ""),
    ]
