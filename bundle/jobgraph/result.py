"""What a run tells while it goes on, and when it has ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jobgraph.run_if import State
from jobgraph.steps import Step


@dataclass(frozen=True)
class Event:
    """A task, or the iteration `input` of a for_each task, has come to `state`."""

    task: str
    state: State
    input: str | None = None
    error: BaseException | None = None


@dataclass(frozen=True)
class Failure:
    """A step that failed, with what it raised."""

    step: Step
    error: BaseException

    @property
    def name(self) -> str:
        """The task, and the iteration if it has several."""
        return self.step.task if self.step.input is None else f"{self.step.task} ({self.step.input})"


@dataclass(frozen=True)
class JobResult:
    """How a run ended: the final state of every task, and the steps that ran, in the order they ended.

    `succeeded` is Databricks' judgement: the leaf tasks alone decide, and an excluded one counts as success.
    """

    states: Mapping[str, State]
    steps: tuple[Step, ...]
    failed: tuple[Failure, ...]
    succeeded: bool
