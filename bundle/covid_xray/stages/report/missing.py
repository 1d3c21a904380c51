"""What a run should have left behind and did not: the job's last task fails for it, naming each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from covid_xray.stages.report.explained import Explanation
from covid_xray.stages.report.values import Report
from covid_xray.storage import runs


def missing(report: Report, explanations: Sequence[Explanation]) -> list[str]:
    """Return a line for each result that a run lacks, of networks, baselines, comparisons and maps."""
    return [
        *_unfinished(report),
        *(f"audit {task}: no baselines" for task in report.tasks if not report.baselines(task)),
        *_not_compared(report),
        *_not_explained(report, explanations),
    ]


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
    for result in report.results:
        if result.is_network and result.headline and (result.name, result.task) not in explained:
            yield f"explain {result.name} {result.task}: no maps"
