"""What the results show and what they do not, in words: sentences made from the results themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from covid_xray.evaluation.baselines import sees
from covid_xray.evaluation.protocols import AS_PUBLISHED, PATIENT_GROUPED
from covid_xray.evaluation.results_model import Comparison, Result, missed
from covid_xray.evaluation.wording import percent, with_interval
from covid_xray.progress import counted
from covid_xray.stages.report.values import UNKNOWN, Report

_HELD_OUT = {
    PATIENT_GROUPED: "images of patients that it had not seen in training",
    AS_PUBLISHED: "images held out at random",
}


def points(compared: Comparison | None) -> str:
    """Write a difference in percentage points: `+1.2 (-0.3 to +2.8)`."""
    if compared is None:
        return percent(None)
    return f"{signed(compared.difference)} ({signed(compared.ci_low)} to {signed(compared.ci_high)})"


def signed(share: float) -> str:
    """Write a difference of shares in percentage points: `+1.2`."""
    # A difference of -0.04 points is written as +0.0.
    return f"{round(100 * share, 1) + 0.0:+.1f}"


def sentences(report: Report) -> list[str]:
    """Return what a reader should take from the run, a sentence or two for each task."""
    found = [" ".join(_of_task(report, task)) for task in report.tasks]
    return [*filter(None, found), *_of_sources(report)]


def _of_task(report: Report, task: str) -> Iterator[str]:
    networks = [result for result in report.networks(task) if result.headline]
    if not networks:
        return
    best = max(networks, key=lambda result: result.accuracy)
    protocol = best.headline_protocol
    accuracy = best.by_protocol[protocol].overall["accuracy"]
    images, unknown = report.images(task)
    whose = f"{'counted as ' if unknown else ''}{counted(accuracy.n_patients, 'patient')}"
    held_out = _HELD_OUT[protocol] if unknown < images else _HELD_OUT[AS_PUBLISHED]
    yield (
        f"{task}: the accuracy of the best network, {best.name}, is {with_interval(accuracy)} % on "
        f"{held_out} ({counted(accuracy.n, 'image')}, {whose})."
    )
    if unknown:
        yield (
            f"Of {unknown} of the task's {images} images the patient is unknown: each of them counts as a "
            "separate patient, so that another image of the same patient may have been in training, and "
            "intervals may be too narrow."
        )
    yield from _against_baseline(report, best, protocol)
    yield from _missed(best)


def _against_baseline(report: Report, best: Result, protocol: str) -> Iterator[str]:
    margin, baselines = report.margin(best, protocol), report.baselines(best.task)
    if margin is None or not baselines:
        yield "No baseline was measured beside it, so this accuracy says little."
        return
    baseline = next(result for result in baselines if result.name == margin.second)
    reached = percent(baseline.by_protocol[protocol].overall["accuracy"].value)
    yield (
        f"The best baseline, {baseline.name}, which sees {sees(baseline.name)}, "
        f"reaches {reached} %: the network's margin over it is {points(margin)} percentage points."
    )
    if margin.clear and margin.difference > 0:
        yield (
            "The network uses something that this baseline does not; whether that is disease, "
            "results on these images alone cannot show."
        )
    else:
        yield "So nothing here shows that the network looks at lungs."


def _missed(best: Result) -> Iterator[str]:
    assert best.headline is not None  # noqa: S101 - chosen for having one
    held_out, positive = best.headline.held_out, best.classes[0]
    images = counted(int((held_out["label"] == positive).sum()), "image")
    yield f"It missed {len(missed(held_out, positive))} of {images} of {positive} (repeat 0)."


def _of_sources(report: Report) -> Iterator[str]:
    alone = classes_of_their_own_source(report)
    if alone:
        yield (
            f"Every image of {' and '.join(alone)} comes from a source that no other class has images from, "
            "so a classifier that recognises sources cannot be told from one that recognises disease."
        )


def classes_of_their_own_source(report: Report) -> Sequence[str]:
    """Return the classes whose images come from sources that no other class has images from."""
    if any(UNKNOWN in counts for counts in report.sources.values()):
        return []
    found = []
    for label, counts in report.sources.items():
        others = {source for other, of in report.sources.items() if other != label for source in of}
        if not others & set(counts):
            found.append(label)
    return found
