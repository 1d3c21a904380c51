"""Turn a job of a bundle into a `Job` that a machine without a workspace can run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jobgraph.bundle import Resource, read_bundle
from jobgraph.errors import JobGraphError
from jobgraph.graph import ForEach, Job, RunIf, Task, in_order
from jobgraph.resolve import Scope, problems_in, resolve, scope_of

_NO_CONTEXT: Mapping[str, str] = MappingProxyType({})


def load_job(
    bundle_file: Path, key: str, *, target: str | None = None, context: Mapping[str, str] = _NO_CONTEXT
) -> Job:
    """Load and validate the job `key` of a bundle, with its tasks in topological order.

    Only the Python tasks and the job's parameters are resolved: clusters, libraries, retries and permissions
    have no meaning outside a workspace.

    Parameters
    ----------
    bundle_file
        The bundle's databricks.yml; paths in YAML are relative to the file that contains them.
    target
        The target that sets the variables; None for the variables' own defaults.
    context
        Values of references that only a deployment knows, e.g. `{"workspace.file_path": "/repo"}`.

    Raises
    ------
    JobGraphError
        If the job is invalid; the message is one line with the file, the job and what to do.
    """
    bundle = read_bundle(bundle_file, target)
    resource = bundle.resource("jobs", key)
    reader = _Reader(resource, scope_of(bundle, context))
    job = Job(key, reader.parameters(), reader.tasks())
    return replace(job, tasks=in_order(job))


def unresolved_references(
    bundle_file: Path, *, target: str, context: Mapping[str, str] = _NO_CONTEXT
) -> list[str]:
    """Resolve everything that a deployment to `target` reads; return a line per reference without a value."""
    bundle = read_bundle(bundle_file, target)
    scope = scope_of(bundle, context)
    problems = problems_in(bundle.settings, bundle_file.name, scope)
    problems += problems_in(bundle.variables, f"{bundle_file.name}: variables", scope)
    for resource in bundle.resources:
        problems += problems_in(resource.spec, f"{resource.file.name}: {resource.key}", scope)
    return problems


class _Reader:
    """Reads one job resource field by field, so that each error names the file and the key."""

    def __init__(self, resource: Resource, scope: Scope) -> None:
        self._job = resource
        self._scope = scope
        self._where = f"{resource.file}: job {resource.key!r}"

    def parameters(self) -> dict[str, str]:
        parameters: dict[str, str] = {}
        for entry in _entries(self._job.spec, "parameters", self._where):
            name = self._string(entry, "name", f"{self._where}: parameter")
            if name in parameters:
                raise JobGraphError(f"{self._where}: the parameter {name!r} is defined twice; remove one")
            parameters[name] = self._string(entry, "default", f"{self._where}: parameter {name!r}")
        return parameters

    def tasks(self) -> tuple[Task, ...]:
        return tuple(self._task(spec) for spec in _entries(self._job.spec, "tasks", self._where))

    def _task(self, spec: Mapping[str, Any]) -> Task:
        key = self._string(spec, "task_key", f"{self._where}: task")
        where = f"{self._where}: task {key!r}"
        for_each, python = self._script_task(spec, where)
        script = self._string(python, "python_file", where)
        return Task(
            key=key,
            python_file=(self._job.file.parent / script).resolve(),
            parameters=self._arguments(python, where),
            depends_on=tuple(self._dependency(e, where) for e in _entries(spec, "depends_on", where)),
            run_if=self._run_if(spec, where),
            for_each=for_each,
        )

    def _script_task(self, spec: Mapping[str, Any], where: str) -> tuple[ForEach | None, Mapping[str, Any]]:
        kind, body = _kind(spec, where)
        if kind != "for_each_task":
            return None, body
        inner_kind, inner = _kind(_section(body, "task", where), f"{where}: its inner task")
        if inner_kind == "for_each_task":
            raise JobGraphError(
                f"{where}: Databricks does not support a for_each_task inside a for_each_task"
            )
        inputs = self._string(body, "inputs", where)
        return ForEach(inputs, self._integer(body, "concurrency", where)), inner

    def _run_if(self, spec: Mapping[str, Any], where: str) -> RunIf:
        name = spec.get("run_if", RunIf.ALL_SUCCESS)
        if name not in list(RunIf):
            raise JobGraphError(f"{where}: unknown run_if {name!r}; choose one of {', '.join(RunIf)}")
        return RunIf(name)

    def _dependency(self, entry: Mapping[str, Any], where: str) -> str:
        if "outcome" in entry:
            raise JobGraphError(
                f"{where}: depends_on with an outcome needs a condition_task, which is not supported"
            )
        return self._string(entry, "task_key", f"{where}: depends_on")

    def _arguments(self, python: Mapping[str, Any], where: str) -> tuple[str, ...]:
        given = resolve(python.get("parameters") or [], f"{where}: parameters", self._scope)
        if not isinstance(given, list):
            raise JobGraphError(f"{where}: parameters is {given!r}; it must be a list")
        for value in given:
            if not isinstance(value, str):
                raise JobGraphError(f"{where}: the parameter {value!r} is not a string; put it in quotes")
        return tuple(given)

    def _string(self, spec: Mapping[str, Any], field: str, where: str) -> str:
        if field not in spec:
            raise JobGraphError(f"{where}: {field} is missing")
        value = resolve(spec[field], f"{where}: {field}", self._scope)
        if not isinstance(value, str):
            raise JobGraphError(f"{where}: {field} is {value!r}, not a string; put it in quotes")
        return value

    def _integer(self, spec: Mapping[str, Any], field: str, where: str) -> int:
        value = resolve(spec.get(field, 1), f"{where}: {field}", self._scope)
        if not isinstance(value, int):
            raise JobGraphError(f"{where}: {field} is {value!r}; it must be an integer")
        return value


def _kind(spec: Mapping[str, Any], where: str) -> tuple[str, Mapping[str, Any]]:
    """Return the type of a task, e.g. `spark_python_task`, and its settings."""
    kinds = [name for name in spec if name.endswith("_task")]
    if len(kinds) != 1:
        raise JobGraphError(f"{where}: has {len(kinds)} task types ({', '.join(kinds)}); it needs one")
    if kinds[0] not in {"spark_python_task", "for_each_task"}:
        raise JobGraphError(f"{where}: {kinds[0]} is not supported, only spark_python_task and for_each_task")
    return kinds[0], _section(spec, kinds[0], where)


def _section(spec: Mapping[str, Any], field: str, where: str) -> Mapping[str, Any]:
    value = spec.get(field)
    if not isinstance(value, dict):
        raise JobGraphError(f"{where}: {field} is {value!r}; it must be a mapping")
    return value


def _entries(spec: Mapping[str, Any], field: str, where: str) -> list[Mapping[str, Any]]:
    entries = spec.get(field) or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise JobGraphError(f"{where}: {field} must be a list of mappings")
    return entries
