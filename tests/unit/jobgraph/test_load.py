from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jobgraph import ForEach, JobGraphError, RunIf, load_job, unresolved_references

Write = Callable[..., Path]
PythonTask = Callable[..., dict[str, Any]]
JobYaml = Callable[..., str]


def for_each(key: str, inner: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"task_key": key, "for_each_task": {"inputs": '["a"]', "task": inner, **fields}}


def script_task(parameters: Any) -> dict[str, Any]:
    return {"spark_python_task": {"python_file": "../jobs/work.py", "parameters": parameters}}


def test_a_job_has_its_parameters_and_tasks_in_order(
    write_bundle: Write, job_yaml: JobYaml, python_task: PythonTask, script: Path
) -> None:
    last = python_task("last", "first", run_if="ALL_DONE", **script_task(["--a", "{{job.parameters.a}}"]))
    job = load_job(write_bundle(jobs=job_yaml(last, python_task("first"), parameters={"a": "1"})), "j")
    assert job.parameters == {"a": "1"}
    assert [task.key for task in job.tasks] == ["first", "last"]
    assert job.tasks[1].depends_on == ("first",)
    assert [task.run_if for task in job.tasks] == [RunIf.ALL_SUCCESS, RunIf.ALL_DONE]
    assert job.tasks[1].parameters == ("--a", "{{job.parameters.a}}")
    assert job.tasks[0].python_file == script


def test_a_for_each_task_has_the_script_of_its_inner_task(
    write_bundle: Write, job_yaml: JobYaml, python_task: PythonTask, script: Path
) -> None:
    loops = [for_each("five", python_task("one"), concurrency=5), for_each("by_itself", python_task("one"))]
    job = load_job(write_bundle(jobs=job_yaml(*loops)), "j")
    assert [task.for_each for task in job.tasks] == [ForEach('["a"]', 5), ForEach('["a"]', 1)]
    assert job.tasks[0].python_file == script


def test_references_are_resolved_for_the_target_and_from_the_context(
    write_bundle: Write, job_yaml: JobYaml, python_task: PythonTask
) -> None:
    task = python_task("t", **script_task(["${var.schema}"]))
    task["spark_python_task"]["python_file"] = "${workspace.file_path}/jobs/work.py"
    text = job_yaml(task, parameters={"config": "${workspace.file_path}/c.yaml"})
    file = write_bundle(
        "variables: {schema: {default: s}}\ntargets: {dev: {variables: {schema: d}}}", jobs=text
    )
    context = {"workspace.file_path": str(file.parent)}
    dev, plain = (load_job(file, "j", target=target, context=context) for target in ("dev", None))
    assert (dev.tasks[0].parameters, plain.tasks[0].parameters) == (("d",), ("s",))
    assert dev.parameters == {"config": f"{file.parent}/c.yaml"}


def test_settings_that_only_a_workspace_uses_may_stay_unresolved(
    write_bundle: Write, job_yaml: JobYaml, python_task: PythonTask
) -> None:
    task = python_task("t", max_retries="${var.unknown}", libraries=[{"whl": "${artifacts.files}"}])
    file = write_bundle("targets: {dev: }", jobs=job_yaml(task))
    assert [task.key for task in load_job(file, "j").tasks] == ["t"]
    assert [problem.split(" has")[0] for problem in unresolved_references(file, target="dev")] == [
        "jobs.yml: j.tasks[0].max_retries: ${var.unknown}",
        "jobs.yml: j.tasks[0].libraries[0].whl: ${artifacts.files}",
    ]


def test_references_of_a_target_and_of_variables_are_listed_too(write_bundle: Write) -> None:
    text = "variables: {a: {default: '${var.b}'}}\ntargets: {dev: {run_as: {user_name: '${var.c}'}}}"
    assert [line.split(" has")[0] for line in unresolved_references(write_bundle(text), target="dev")] == [
        "databricks.yml.run_as.user_name: ${var.c}",
        "databricks.yml: variables.a: ${var.b}",
    ]


def test_an_unknown_job_is_refused_with_the_existing_ones(
    write_bundle: Write, job_yaml: JobYaml, python_task: PythonTask
) -> None:
    with pytest.raises(JobGraphError, match="no 'k' in jobs; choose one of: j"):
        load_job(write_bundle(jobs=job_yaml(python_task("t"))), "k")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"run_if": "SOMETIMES"}, "unknown run_if 'SOMETIMES'; choose one of ALL_SUCCESS"),
        ({"notebook_task": {}}, "has 2 task types (spark_python_task, notebook_task); it needs one"),
        ({"depends_on": ["other"]}, "depends_on must be a list of mappings"),
        ({"depends_on": [{"task_key": "t", "outcome": "true"}]}, "an outcome needs a condition_task"),
        ({"task_key": 5}, "task_key is 5, not a string; put it in quotes"),
        ({"spark_python_task": {}}, "python_file is missing"),
        ({"spark_python_task": None}, "spark_python_task is None; it must be a mapping"),
        (script_task([1]), "the parameter 1 is not a string; put it in quotes"),
        (script_task("--a 1"), "parameters is '--a 1'; it must be a list"),
        (script_task(["${var.none}"]), "task 't': parameters[0]: ${var.none} has no value"),
    ],
)
def test_an_invalid_task_is_refused_in_one_line_that_names_it(
    write_bundle: Write, job_yaml: JobYaml, python_task: PythonTask, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(JobGraphError, match=re.escape(message)) as caught:
        load_job(write_bundle(jobs=job_yaml({**python_task("t"), **fields})), "j")
    assert "jobs.yml: job 'j': task" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_task_types_are_refused(write_bundle: Write, job_yaml: JobYaml) -> None:
    with pytest.raises(JobGraphError, match="notebook_task is not supported, only spark_python_task"):
        load_job(write_bundle(jobs=job_yaml({"task_key": "t", "notebook_task": {}})), "j")


def test_a_nested_for_each_is_refused(
    write_bundle: Write, job_yaml: JobYaml, python_task: PythonTask
) -> None:
    nested = for_each("outer", for_each("inner", python_task("t")))
    with pytest.raises(
        JobGraphError, match="'outer': Databricks does not support a for_each_task inside a for_each_task"
    ):
        load_job(write_bundle(jobs=job_yaml(nested)), "j")


def test_a_concurrency_that_is_not_an_integer_is_refused(
    write_bundle: Write, job_yaml: JobYaml, python_task: PythonTask
) -> None:
    with pytest.raises(JobGraphError, match="concurrency is 'all'; it must be an integer"):
        load_job(write_bundle(jobs=job_yaml(for_each("f", python_task("t"), concurrency="all"))), "j")


def test_a_parameter_that_is_defined_twice_is_refused(
    write_bundle: Write, job_yaml: JobYaml, python_task: PythonTask
) -> None:
    text = job_yaml(python_task("t"), parameters={"a": "1"}).replace(
        "parameters:", "parameters:\n      - {default: '2', name: a}"
    )
    with pytest.raises(JobGraphError, match="the parameter 'a' is defined twice"):
        load_job(write_bundle(jobs=text), "j")


def test_a_parameter_whose_default_is_not_a_string_is_refused(
    write_bundle: Write, job_yaml: JobYaml, python_task: PythonTask
) -> None:
    with pytest.raises(JobGraphError, match=re.escape("parameter 'a': default is {}, not a string")):
        load_job(write_bundle(jobs=job_yaml(python_task("t"), parameters={"a": {}})), "j")


def test_the_graph_is_validated(write_bundle: Write, job_yaml: JobYaml, python_task: PythonTask) -> None:
    with pytest.raises(JobGraphError, match="depends on 'other', which is not a task of this job"):
        load_job(write_bundle(jobs=job_yaml(python_task("t", "other"))), "j")
