"""What the figures show and what they do not, in plain words: sentences made of the figures themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from covid_xray.evaluation.box_summary import BoxSummary
from covid_xray.evaluation.protocols import AS_PUBLISHED, INTERNAL, PATIENT_GROUPED
from covid_xray.evaluation.results_model import Result, Value
from covid_xray.stages.report.values import Comparison, Report

BASELINES = {
    "majority": "the share of each class in training, and nothing of the image",
    "file_facts": "width, height, file size, colour mode and format, and no pixel",
    "border": "the outer frame of the picture, the centre blacked out",
    "thumbnail": "the whole picture at 32x32 pixels",
    "compressibility": "how many bytes the picture takes when compressed, and nothing else",
    "source": "which collection the file's name belongs to",
}
_HELD_OUT = {
    PATIENT_GROUPED: "images of patients whom it had not seen in training",
    AS_PUBLISHED: "images held out at random",
}
_DASH = "\N{EN DASH}"


def percent(share: float | None) -> str:
    """Write a share as a percentage with one decimal; a dash for none."""
    return _DASH if share is None else f"{share * 100:.1f}"


def with_interval(value: Value | BoxSummary | None) -> str:
    """Write a figure and its interval, in per cent: `98.4 (94.3 to 99.6)`."""
    if value is None or value.n == 0:
        return percent(None)
    if value.ci_low is None:
        return percent(value.value)
    return f"{percent(value.value)} ({percent(value.ci_low)} to {percent(value.ci_high)})"


def points(compared: Comparison | None) -> str:
    """Write a difference in percentage points: `+1.2 (-0.3 to +2.8)`."""
    if compared is None:
        return percent(None)
    low, high = 100 * compared.ci_low, 100 * compared.ci_high
    return f"{100 * compared.difference:+.1f} ({low:+.1f} to {high:+.1f})"


def sentences(report: Report) -> list[str]:
    """Return what a reader should take from the run, a sentence or two for each task."""
    found = [" ".join(_of_task(report, task)) for task in report.tasks]
    return [*filter(None, found), *_of_sources(report)]


def _of_task(report: Report, task: str) -> Iterator[str]:
    networks = [result for result in report.networks(task) if result.headline]
    if not networks:
        return
    best = max(networks, key=lambda result: _accuracy(result))
    protocol = next(p for p in INTERNAL if p in best.measured)
    accuracy = best.measured[protocol].overall["accuracy"]
    yield (
        f"{task}: the best network, {best.name}, got {with_interval(accuracy)} % of {_HELD_OUT[protocol]} "
        f"right ({accuracy.n} images, {accuracy.n_patients} patients)."
    )
    yield from _against_baseline(report, best, protocol)
    yield from _missed(best)


def _against_baseline(report: Report, best: Result, protocol: str) -> Iterator[str]:
    lift, baselines = report.lift(best, protocol), report.baselines(best.task)
    if lift is None or not baselines:
        yield "No baseline was measured beside it, so the figure says little."
        return
    null = next(result for result in baselines if result.name == lift.second)
    sees = BASELINES.get(null.name, null.name)
    yield (
        f"The baseline {null.name}, which sees only {sees}, got "
        f"{percent(null.measured[protocol].overall['accuracy'].value)} %: a difference of {points(lift)} "
        "percentage points."
    )
    if lift.clear and lift.difference > 0:
        yield (
            "The network uses something that this baseline does not; whether that is disease, "
            "figures from this dataset alone cannot show."
        )
    else:
        yield "So nothing here shows that the network looks at lungs."


def _missed(best: Result) -> Iterator[str]:
    assert best.headline is not None  # noqa: S101 - chosen for having one
    held_out, positive = best.headline.held_out, best.classes[0]
    of_class = held_out[held_out["label"] == positive]
    missed = int((of_class["prediction"] != positive).sum())
    yield f"It missed {missed} of {len(of_class)} images of {positive} (repeat 0)."


def _of_sources(report: Report) -> Iterator[str]:
    alone = _classes_of_their_own_source(report)
    if alone:
        yield (
            f"Every image of {' and '.join(alone)} comes from a collection that no other class comes from, "
            "so a classifier of collections cannot be told from a classifier of disease."
        )


def _classes_of_their_own_source(report: Report) -> Sequence[str]:
    found = []
    for label, counts in report.sources.items():
        others = {source for other, of in report.sources.items() if other != label for source in of}
        if counts and not others & set(counts):
            found.append(label)
    return found


def _accuracy(result: Result) -> float:
    return result.headline.overall["accuracy"].value if result.headline else 0.0
