"""Decide whether a task runs, by the final states of its dependencies."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from jobgraph.graph import RunIf


class State(StrEnum):
    """State of a task; the names of the final states are Databricks' result states."""

    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    UPSTREAM_FAILED = "UPSTREAM_FAILED"
    EXCLUDED = "EXCLUDED"


def decide(run_if: RunIf, ends: Sequence[State]) -> State:
    """Return RUNNING if a task runs, else the state of a skipped task.

    An excluded dependency counts as a success, and one that was skipped after a failure as a failure; if all
    are excluded, so is the task. If its condition is not met, a task that waits for failures is excluded, and
    any other has failed upstream (https://docs.databricks.com/aws/en/jobs/run-if).

    Parameters
    ----------
    ends
        The final states of the dependencies; empty for a task that has none, which always runs.
    """
    if ends and all(end is State.EXCLUDED for end in ends):
        return State.EXCLUDED
    if not ends or _is_met(run_if, [succeeded(end) for end in ends]):
        return State.RUNNING
    waits_for_failures = run_if in {RunIf.AT_LEAST_ONE_FAILED, RunIf.ALL_FAILED}
    return State.EXCLUDED if waits_for_failures else State.UPSTREAM_FAILED


def succeeded(end: State) -> bool:
    """Tell whether a final state counts as success."""
    return end in {State.SUCCESS, State.EXCLUDED}


def _is_met(run_if: RunIf, successes: Sequence[bool]) -> bool:
    match run_if:
        case RunIf.ALL_SUCCESS | RunIf.NONE_FAILED:
            # These two differ only for cancelled dependencies, which do not occur in a local run.
            return all(successes)
        case RunIf.ALL_DONE:
            return True
        case RunIf.AT_LEAST_ONE_SUCCESS:
            return any(successes)
        case RunIf.AT_LEAST_ONE_FAILED:
            return not all(successes)
        case RunIf.ALL_FAILED:
            return not any(successes)
