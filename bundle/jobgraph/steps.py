"""The steps of a run: scripts with their final arguments."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jobgraph.errors import JobGraphError
from jobgraph.graph import Job, Task

_REFERENCE = re.compile(r"\{\{\s*(.*?)\s*\}\}")


@dataclass(frozen=True)
class Step:
    """One call of a script: a whole task, or one iteration of a for_each task with its `input`."""

    task: str
    python_file: Path
    parameters: tuple[str, ...]
    input: str | None = None


def plan_steps(job: Job, parameters: Mapping[str, str], run_id: str) -> dict[str, tuple[Step, ...]]:
    """Return the steps of every task, by task key.

    Parameters
    ----------
    parameters
        Values that replace the defaults of job parameters; references in them are not resolved.
    run_id
        Value of `{{job.run_id}}`.

    Raises
    ------
    JobGraphError
        If a parameter is unknown, a `{{...}}` reference has no value, or the inputs of a for_each task are
        not a JSON list with at least one entry.
    """
    values = _values(job, parameters, run_id)
    return {task.key: _steps(task, values, f"job {job.key!r}: task {task.key!r}") for task in job.tasks}


def _values(job: Job, parameters: Mapping[str, str], run_id: str) -> dict[str, str]:
    for name in parameters:
        if name not in job.parameters:
            names = ", ".join(job.parameters) or "(none)"
            raise JobGraphError(f"job {job.key!r} has no parameter {name!r}; choose one of: {names}")
    values = {"job.run_id": run_id}
    for name, default in job.parameters.items():
        where = f"job {job.key!r}: parameter {name!r}"
        value = parameters[name] if name in parameters else _render(default, {"job.run_id": run_id}, where)
        values[f"job.parameters.{name}"] = value
    return values


def _steps(task: Task, values: Mapping[str, str], where: str) -> tuple[Step, ...]:
    if task.for_each is None:
        return (_step(task, values, None, where),)
    inputs = _inputs(_render(task.for_each.inputs, values, where), where)
    return tuple(_step(task, {**values, "input": entry}, entry, where) for entry in inputs)


def _step(task: Task, values: Mapping[str, str], entry: str | None, where: str) -> Step:
    parameters = tuple(_render(text, values, where) for text in task.parameters)
    return Step(task.key, task.python_file, parameters, entry)


def _inputs(text: str, where: str) -> list[str]:
    try:
        inputs = json.loads(text)
    except json.JSONDecodeError:
        inputs = None
    if not isinstance(inputs, list) or not inputs:
        raise JobGraphError(f"{where}: inputs is {text!r}; it must be a JSON list with at least one entry")
    return [entry if isinstance(entry, str) else json.dumps(entry) for entry in inputs]


def _render(text: str, values: Mapping[str, str], where: str) -> str:
    def value_of(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise JobGraphError(f"{where}: {match[0]} has no value; choose one of: {', '.join(values)}")
        return values[match[1]]

    return _REFERENCE.sub(value_of, text)
