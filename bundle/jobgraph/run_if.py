"""Whether a task runs, given how the tasks that it depends on ended."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from jobgraph.graph import RunIf


class State(StrEnum):
    """How far a task is; the names of the ends are Databricks' result states."""

    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    UPSTREAM_FAILED = "UPSTREAM_FAILED"
    EXCLUDED = "EXCLUDED"


def decide(run_if: RunIf, ends: Sequence[State]) -> State:
    """Return RUNNING where a task is to run, else the state in which it is skipped.

    An excluded dependency counts as a success and one skipped after a failure as a failure; if all were
    excluded, so is the task. A condition that waits for failures excludes the task when it is not met, any
    other marks it as failed upstream (https://docs.databricks.com/aws/en/jobs/run-if).

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
            # These differ only for cancelled dependencies, which a local run does not know.
            return all(successes)
        case RunIf.ALL_DONE:
            return True
        case RunIf.AT_LEAST_ONE_SUCCESS:
            return any(successes)
        case RunIf.AT_LEAST_ONE_FAILED:
            return not all(successes)
        case RunIf.ALL_FAILED:
            return not any(successes)
