"""The verdicts of a page: on each task, on the classifier that most is known of."""

from __future__ import annotations

from covid_xray.evaluation.margin import BestElsewhere, Margin
from covid_xray.evaluation.needs_lungs import without_lungs
from covid_xray.evaluation.results_model import Result
from covid_xray.evaluation.verdict import Verdict, verdict
from covid_xray.stages.report.narrative import classes_of_their_own_source
from covid_xray.stages.report.values import Report


def judge(report: Report, result: Result) -> Verdict | None:
    """Return the verdict on one classifier; None if it has no result."""
    margin = Margin.of(result, report.results, report.comparisons)
    lungs = without_lungs(result, report.results, report.comparisons)
    elsewhere = BestElsewhere.of(result, report.results)
    return verdict(result, margin, lungs, classes_of_their_own_source(report), elsewhere)


def verdicts(report: Report) -> list[tuple[str, Verdict]]:
    """Return the verdict on each task: on the best of the networks that were tried on other images, if any.

    Otherwise on the best of all networks.
    """
    found = []
    for task in report.tasks:
        measured = [result for result in report.networks(task) if result.headline]
        tried = [result for result in measured if result.external or result.contrast]
        if measured:
            judged = judge(report, max(tried or measured, key=lambda result: result.accuracy))
            found += [(task, judged)] if judged else []
    return found


def contradicted(report: Report) -> set[tuple[str, str]]:
    """Return the name and the task of each classifier whose figures other images contradict."""
    judged = ((result, judge(report, result)) for result in report.results if result.kind == "backbone")
    return {(result.name, result.task) for result, found in judged if found and found.contradicted}
