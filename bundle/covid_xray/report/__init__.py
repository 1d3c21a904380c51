"""Report: one page with every figure of a run, and how to read them."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from covid_xray import runs
from covid_xray.errors import RunFailedError
from covid_xray.progress import duration
from covid_xray.report.collect import Report, Result, Value, collect
from covid_xray.report.figures import confusion_png
from covid_xray.tables import Tables

COLUMNS = ("backbone", "task", "status", "accuracy, % (95 % CI)", "published", "recall, %", "time", "weights")


def write_report(tables: Tables, run_id: str, reports: Path, now: datetime) -> Path:
    """Write `index.html` and `figures/<backbone>_<task>.png` below `reports`, and return the page.

    Raises
    ------
    RunFailedError
        After the page is written, when a row of this run did not succeed: the job's last task must then fail.
    """
    report = collect(tables, run_id)
    figures = {(r.backbone, r.task): confusion_png(r) for r in report.results if r.confusion}
    (reports / "figures").mkdir(parents=True, exist_ok=True)
    for (backbone, task), png in figures.items():
        (reports / "figures" / f"{backbone}_{task}.png").write_bytes(png)
    page = reports / "index.html"
    part = page.with_name(".index.html.part")
    part.write_text(render(report, figures, now), encoding="utf-8")
    part.replace(page)
    _refuse_failures(report)
    return page


def render(report: Report, figures: dict[tuple[str, str], bytes], now: datetime) -> str:
    """Return the page as HTML that needs nothing beside it."""
    environment = Environment(
        loader=PackageLoader("covid_xray.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"interval": with_interval, "percent": percent, "duration": duration}
    return environment.get_template("page.html.j2").render(
        report=report,
        figures={key: b64encode(png).decode() for key, png in figures.items()},
        reasons=Counter(refused.reason for refused in report.refused),
        now=now,
        timed=timed,
    )


def headline(tables: Tables, run_id: str) -> tuple[tuple[str, ...], list[list[str]]]:
    """Return the columns and rows of the table that ends a run on a terminal."""
    return COLUMNS, [_line(result) for result in collect(tables, run_id).results]


def percent(share: float | None) -> str:
    """Write a share as a percentage with one decimal; a dash for none."""
    return "–" if share is None else f"{share * 100:.1f}"  # noqa: RUF001 - the dash that tables use


def with_interval(value: Value | None) -> str:
    """Write a figure and its interval, in per cent: `98.4 (94.3 to 99.6)`."""
    if value is None:
        return percent(None)
    if value.ci_low is None:
        return percent(value.value)
    return f"{percent(value.value)} ({percent(value.ci_low)} to {percent(value.ci_high)})"


def timed(result: Result) -> str:
    """Write how long a result took; features computed earlier cost nothing again."""
    seconds = (result.featurize_seconds or 0) + (result.train_seconds or 0)
    return duration(seconds) if seconds else percent(None)


def _line(result: Result) -> list[str]:
    accuracy = result.accuracy
    return [
        result.backbone,
        result.task,
        result.status,
        with_interval(accuracy),
        percent(accuracy.published if accuracy else None),
        percent(result.recall.value if result.recall else None),
        timed(result),
        result.weights,
    ]


def _refuse_failures(report: Report) -> None:
    failed = [r for r in report.results if r.run_id == report.run_id and r.status != runs.SUCCEEDED]
    if failed:
        told = "; ".join(f"{r.backbone} {r.task} {r.status}: {r.error or 'not reached'}" for r in failed)
        raise RunFailedError(f"{len(failed)} of the run's results are missing: {told}")
