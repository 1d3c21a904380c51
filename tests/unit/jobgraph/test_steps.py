from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from jobgraph import ForEach, Job, JobGraphError, Task, plan_steps

MakeTask = Callable[..., Task]
MakeJob = Callable[..., Job]


def test_references_to_parameters_and_the_run_id_are_replaced_in_arguments(
    make_job: MakeJob, make_task: MakeTask
) -> None:
    arguments = ("--a", "{{job.parameters.a}}", "--both", "{{ job.run_id }}/{{job.parameters.b}}")
    job = make_job(make_task("t", parameters=arguments), a="1", b="2")
    (step,) = plan_steps(job, {"b": "two"}, "r7")["t"]
    assert step.parameters == ("--a", "1", "--both", "r7/two")
    assert step.input is None


def test_a_for_each_task_has_a_step_for_each_input(make_job: MakeJob, make_task: MakeTask) -> None:
    loop = make_task("t", parameters=("{{input}}",), for_each=ForEach("{{job.parameters.names}}"))
    steps = plan_steps(make_job(loop, names='["x"]'), {"names": '["a", 2]'}, "r")["t"]
    assert [(step.input, step.parameters) for step in steps] == [("a", ("a",)), ("2", ("2",))]


def test_references_in_a_given_value_are_not_resolved(make_job: MakeJob, make_task: MakeTask) -> None:
    job = make_job(make_task("t", parameters=("{{job.parameters.a}}",)), a="{}")
    (step,) = plan_steps(job, {"a": '{"x": {"y": "{{job.run_id}}"}}'}, "r")["t"]
    assert step.parameters == ('{"x": {"y": "{{job.run_id}}"}}',)


def test_a_default_may_refer_to_the_run_id(make_job: MakeJob, make_task: MakeTask) -> None:
    job = make_job(make_task("t", parameters=("{{job.parameters.a}}",)), a="out/{{job.run_id}}")
    assert plan_steps(job, {}, "r7")["t"][0].parameters == ("out/r7",)


def test_an_unknown_parameter_is_refused_with_the_existing_ones(
    make_job: MakeJob, make_task: MakeTask
) -> None:
    with pytest.raises(JobGraphError, match="job 'j' has no parameter 'c'; choose one of: a, b"):
        plan_steps(make_job(make_task("t"), a="1", b="2"), {"c": "3"}, "r")


@pytest.mark.parametrize("reference", ["{{job.parameters.b}}", "{{input}}", "{{tasks.x.values.y}}", "{{}}"])
def test_a_reference_without_a_value_is_refused(
    make_job: MakeJob, make_task: MakeTask, reference: str
) -> None:
    message = f"job 'j': task 't': {reference} has no value; choose one of: job.run_id, job.parameters.a"
    with pytest.raises(JobGraphError, match=re.escape(message)):
        plan_steps(make_job(make_task("t", parameters=(reference,)), a="1"), {}, "r")


@pytest.mark.parametrize("inputs", ["a,b", "[]", '{"a": 1}', ""])
def test_inputs_that_are_not_a_list_are_refused(make_job: MakeJob, make_task: MakeTask, inputs: str) -> None:
    with pytest.raises(JobGraphError, match="it must be a JSON list with at least one entry"):
        plan_steps(make_job(make_task("t", for_each=ForEach(inputs))), {}, "r")
