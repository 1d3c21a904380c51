"""The events of a run, and its result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jobgraph.run_if import State
from jobgraph.steps import Step


@dataclass(frozen=True)
class Event:
    """A task, or the iteration `input` of a for_each task, has reached `state`."""

    task: str
    state: State
    input: str | None = None
    error: BaseException | None = None


@dataclass(frozen=True)
class Failure:
    """A step that failed, with its exception."""

    step: Step
    error: BaseException

    @property
    def name(self) -> str:
        """The key of the task, with the input of the iteration if it is a for_each task."""
        return self.step.task if self.step.input is None else f"{self.step.task} ({self.step.input})"


@dataclass(frozen=True)
class JobResult:
    """The result of a run: the final state of every task, and the steps that ran, in the order of their ends.

    `succeeded` follows Databricks: only leaf tasks count, and an excluded one counts as a success.
    """

    states: Mapping[str, State]
    steps: tuple[Step, ...]
    failed: tuple[Failure, ...]
    succeeded: bool
