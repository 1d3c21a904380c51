"""Turn the values of a report into one HTML file that needs no other file."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime

from jinja2 import Environment, PackageLoader, StrictUndefined
from sparkdl.backbones import backbone
from sparkdl.projection import projected_length

from covid_xray.evaluation.absent import meaning
from covid_xray.evaluation.baselines import BASELINES
from covid_xray.evaluation.metrics import Metric, shown_in
from covid_xray.evaluation.protocols import AS_PUBLISHED, INTERNAL, LEAVE_ONE_SOURCE_OUT, PATIENT_GROUPED
from covid_xray.evaluation.results_model import Result, Value
from covid_xray.evaluation.wording import area, number, percent, with_interval
from covid_xray.features.gram import FUSED, FUSED_SEES
from covid_xray.progress import counted, duration
from covid_xray.stages.report.checklist import answers
from covid_xray.stages.report.explained import Explanation
from covid_xray.stages.report.figures import FOLDER
from covid_xray.stages.report.gallery import Gallery
from covid_xray.stages.report.judged import contradicted, verdicts
from covid_xray.stages.report.narrative import points, sentences, signed
from covid_xray.stages.report.pairs import matrices, pairs
from covid_xray.stages.report.relied_on import hidden, not_probed
from covid_xray.stages.report.values import UNKNOWN, Report


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
        "estimate": estimate,
        "stacked": stacked,
        "interval": with_interval,
        "percent": percent,
        "points": points,
        "signed": signed,
        "number": number,
        "counted": counted,
        "duration": duration,
        "inlined": inlined,
        "area": area,
    }
    return environment.get_template("page.html.j2").render(
        report=report,
        pictures=pictures,
        explanations=explanations,
        gallery=gallery,
        sentences=sentences(report),
        verdicts=verdicts(report),
        hidden=[
            found
            for task in report.tasks
            for found in hidden(report.networks(task), report.occluded(task), report.comparisons)
        ],
        not_probed=not_probed(report.sources, UNKNOWN, {probe.label for probe in report.probes}),
        contradicted=contradicted(report),
        pairs=pairs(report),
        matrices=matrices(report),
        fused=FUSED,
        fused_sees=FUSED_SEES,
        checklist=answers(report),
        sees={baseline.name: baseline.sees for baseline in BASELINES},
        headline_metrics=shown_in("headline"),
        class_metrics=shown_in("per_class"),
        screening_metrics=shown_in("screening"),
        protocols=[name for name in INTERNAL if any(name in r.by_protocol for r in report.results)],
        patient_grouped=PATIENT_GROUPED,
        as_published=AS_PUBLISHED,
        leave_one_source_out=LEAVE_ONE_SOURCE_OUT,
        now=now,
        timed=timed,
        meaning=meaning,
        applied_again=applied_again(report, explanations),
        folder=FOLDER,
    )


def applied_again(report: Report, explanations: Sequence[Explanation]) -> dict[str, str]:
    """Return the networks with maps whose features are sums over cells of the last layer, with which sums."""
    # Runs of earlier versions say nothing of it.
    dimensionality = report.settings.get("dimensionality")
    found = {}
    for one in {explanation.name: explanation for explanation in explanations}.values():
        width = _width(report, one)
        if _pooling(report, one.name) == "avg":
            found[one.name] = f"the mean of its {one.grid} x {one.grid} cells"
        elif dimensionality is not None and (
            width is None or projected_length(width, dimensionality) < width
        ):
            found[one.name] = f"{dimensionality} sums of its {width or 'flat'} features"
    return found


def _architecture(report: Report, name: str) -> str | None:
    """Return the network of sparkdl that one is made like; None for a model in a file."""
    own = report.settings.get("networks", {}).get(name)
    return own["architecture"] if own else name


def _pooling(report: Report, name: str) -> str:
    architecture, pooling = _architecture(report, name), str(report.settings["pooling"])
    if architecture:
        return backbone(architecture).pooling(pooling)
    return "none" if pooling == "published" else pooling


def _width(report: Report, explanation: Explanation) -> int | None:
    architecture = _architecture(report, explanation.name)
    return explanation.grid**2 * backbone(architecture).channels if architecture else None


def inlined(image: bytes) -> str:
    """Return a picture as a URL that holds it."""
    kind = "png" if image.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{b64encode(image).decode()}"


def estimate(value: Value | None, metric: Metric) -> str:
    """Write a metric with its interval, in per cent where it is a share: `98.4 (94.3 to 99.6)`."""
    return with_interval(value) if metric.unit == "share" else area(value)


def stacked(text: str) -> str:
    """Return a value with its interval so that a line can break between the two and nowhere else."""
    value, gap, interval = text.partition(" ")
    return value + gap + interval.replace(" ", "\N{NO-BREAK SPACE}")


def timed(result: Result) -> str:
    """Write how long a result took; features computed earlier cost nothing again."""
    seconds = (result.featurize_seconds or 0) + (result.train_seconds or 0)
    return duration(seconds) if seconds else percent(None)
