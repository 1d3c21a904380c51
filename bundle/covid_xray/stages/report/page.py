"""From plain values to HTML that needs nothing beside it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime

from jinja2 import Environment, PackageLoader, StrictUndefined

from covid_xray.evaluation.plots import confusion_png, curves_png
from covid_xray.evaluation.protocols import AS_PUBLISHED, INTERNAL, PATIENT_GROUPED
from covid_xray.evaluation.results_model import Result
from covid_xray.progress import duration
from covid_xray.stages.report.explained import Explanation
from covid_xray.stages.report.gallery import Gallery
from covid_xray.stages.report.narrative import BASELINES, percent, points, sentences, with_interval
from covid_xray.stages.report.values import Report

# Metrics beside the accuracy in the headline table: name in `metrics`, as a reader calls it, share or number.
OVERALL = (
    ("balanced_accuracy", "Balanced accuracy"),
    ("macro_f1", "Macro F1"),
    ("mcc", "MCC"),
    ("log_loss", "Log-loss"),
    ("brier", "Brier"),
    ("ece", "ECE"),
)
PER_CLASS = (
    ("recall", "Recall"),
    ("specificity", "Specificity"),
    ("precision", "Precision"),
    ("f1", "F1"),
    ("auroc", "AUROC"),
    ("auprc", "AUPRC"),
)


def draw(report: Report) -> dict[str, bytes]:
    """Draw the pictures of a report, by file name without its ending."""
    pictures = {
        f"{result.name}_{result.task}": confusion_png(result)
        for result in report.results
        if result.headline and result.kind == "backbone"
    }
    for task in report.tasks:
        shown = [result for result in report.networks(task) if result.headline]
        if shown:
            pictures[f"curves_{task}"] = curves_png([*shown, *report.baselines(task)[:1]])
    return pictures


def render(
    report: Report,
    pictures: Mapping[str, bytes],
    explanations: Sequence[Explanation],
    gallery: Gallery,
    now: datetime,
) -> str:
    """Return the page as HTML."""
    environment = Environment(
        loader=PackageLoader("covid_xray.stages.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "interval": with_interval,
        "percent": percent,
        "points": points,
        "number": number,
        "duration": duration,
        "inlined": inlined,
    }
    return environment.get_template("page.html.j2").render(
        report=report,
        pictures=pictures,
        explanations=explanations,
        gallery=gallery,
        sentences=sentences(report),
        baselines=BASELINES,
        overall=OVERALL,
        per_class=PER_CLASS,
        protocols=INTERNAL,
        patient_grouped=PATIENT_GROUPED,
        as_published=AS_PUBLISHED,
        now=now,
        timed=timed,
    )


def inlined(image: bytes) -> str:
    """Return a picture as a URL that holds it."""
    kind = "png" if image.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{b64encode(image).decode()}"


def number(value: float | None) -> str:
    """Write a figure that is no share, with three decimals; a dash for none."""
    return percent(None) if value is None else f"{value:.3f}"


def timed(result: Result) -> str:
    """Write how long a result took; features computed earlier cost nothing again."""
    seconds = (result.featurize_seconds or 0) + (result.train_seconds or 0)
    return duration(seconds) if seconds else percent(None)
