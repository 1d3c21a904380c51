"""A job as a graph of Python tasks, and its validation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from jobgraph.errors import JobGraphError


class RunIf(StrEnum):
    """When a task runs, judged by the tasks it depends on; the names are Databricks'."""

    ALL_SUCCESS = "ALL_SUCCESS"
    ALL_DONE = "ALL_DONE"
    NONE_FAILED = "NONE_FAILED"
    AT_LEAST_ONE_SUCCESS = "AT_LEAST_ONE_SUCCESS"
    AT_LEAST_ONE_FAILED = "AT_LEAST_ONE_FAILED"
    ALL_FAILED = "ALL_FAILED"


@dataclass(frozen=True)
class ForEach:
    """Run a task once per entry of `inputs`, a JSON list in a string, `concurrency` of them at a time."""

    inputs: str
    concurrency: int = 1


@dataclass(frozen=True)
class Task:
    """One Python script with its arguments, which may contain `{{...}}` references."""

    key: str
    python_file: Path
    parameters: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    run_if: RunIf = RunIf.ALL_SUCCESS
    for_each: ForEach | None = None


@dataclass(frozen=True)
class Job:
    """A job: its parameters with their defaults, and its tasks."""

    key: str
    parameters: Mapping[str, str]
    tasks: tuple[Task, ...]


def in_order(job: Job) -> tuple[Task, ...]:
    """Validate a job and return its tasks in topological order: each after those that it depends on.

    Raises
    ------
    JobGraphError
        If a key is used twice, a dependency is unknown, the dependencies form a cycle, a script is missing,
        or a concurrency is below 1.
    """
    if not job.tasks:
        raise JobGraphError(f"job {job.key!r} has no tasks")
    _check_unique_keys(job)
    for task in job.tasks:
        _check_task(job, task)
    by_key = {task.key: task for task in job.tasks}
    sorter = TopologicalSorter({task.key: task.depends_on for task in job.tasks})
    try:
        return tuple(by_key[key] for key in sorter.static_order())
    except CycleError as error:
        cycle = " -> ".join(error.args[1])
        raise JobGraphError(f"job {job.key!r}: the dependencies form a cycle: {cycle}") from None


def leaves(tasks: Iterable[Task]) -> tuple[str, ...]:
    """Return the keys of the tasks on which no other task depends."""
    tasks = tuple(tasks)
    needed = {key for task in tasks for key in task.depends_on}
    return tuple(task.key for task in tasks if task.key not in needed)


def _check_unique_keys(job: Job) -> None:
    key, count = Counter(task.key for task in job.tasks).most_common(1)[0]
    if count > 1:
        raise JobGraphError(f"job {job.key!r}: {count} tasks have the key {key!r}; keys must be unique")


def _check_task(job: Job, task: Task) -> None:
    keys = {other.key for other in job.tasks}
    where = f"job {job.key!r}: task {task.key!r}"
    for key in task.depends_on:
        if key not in keys:
            raise JobGraphError(f"{where} depends on {key!r}, which is not a task of this job")
    if not task.python_file.is_file():
        raise JobGraphError(f"{where}: its python_file {task.python_file} does not exist")
    if task.for_each and task.for_each.concurrency < 1:
        raise JobGraphError(f"{where}: concurrency is {task.for_each.concurrency}; it must be at least 1")
