from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from jobgraph import Event, ForEach, Job, JobGraphError, JobResult, RunIf, State, Step, Task, run_job

MakeTask = Callable[..., Task]
MakeJob = Callable[..., Job]
SECONDS = 5.0


class StepError(Exception):
    """What a failing step raises."""


def failing(*names: str) -> Callable[[Step], None]:
    """Return an `execute` in which the steps of these tasks or inputs fail."""

    def execute(step: Step) -> None:
        if step.task in names or step.input in names:
            raise StepError(step.input or step.task)

    return execute


class Meter:
    """Measure how many steps run at once: each waits for `expected` of them, then briefly for more."""

    def __init__(self, expected: int) -> None:
        self.most = 0
        self._now = 0
        self._expected = expected
        self._change = threading.Condition()

    def __call__(self, step: Step) -> None:
        with self._change:
            self._now += 1
            self.most = max(self.most, self._now)
            self._change.notify_all()
            self._change.wait_for(lambda: self.most >= self._expected, SECONDS)
            self._change.wait_for(lambda: self.most > self._expected, timeout=0.05)
        with self._change:
            self._now -= 1


def run(job: Job, execute: Callable[[Step], None], concurrency: int | None = None) -> JobResult:
    return run_job(job, execute, parameters={}, run_id="r", concurrency=concurrency)


def test_tasks_run_after_those_they_depend_on(make_job: MakeJob, make_task: MakeTask) -> None:
    tasks = [make_task("c", "b"), make_task("b", "a"), make_task("a")]
    result = run(make_job(*tasks), failing())
    assert [step.task for step in result.steps] == ["a", "b", "c"]
    assert result.states == dict.fromkeys("abc", State.SUCCESS)
    assert result.succeeded


def test_a_step_is_called_with_its_script_and_arguments(
    make_job: MakeJob, make_task: MakeTask, script: Path
) -> None:
    seen: list[Step] = []
    job = make_job(make_task("t", parameters=("{{job.run_id}}", "{{job.parameters.a}}")), a="1")
    run_job(job, seen.append, parameters={"a": "2"}, run_id="r7")
    assert seen == [Step("t", script, ("r7", "2"))]


def test_tasks_with_no_path_between_them_run_at_the_same_time(make_job: MakeJob, make_task: MakeTask) -> None:
    meeting = threading.Barrier(2, timeout=SECONDS)

    def execute(step: Step) -> None:
        if step.task != "start":
            meeting.wait()

    tasks = [make_task("start"), make_task("left", "start"), make_task("right", "start")]
    assert run(make_job(*tasks), execute).succeeded


def test_a_failure_is_kept_and_skips_what_depends_on_it(make_job: MakeJob, make_task: MakeTask) -> None:
    tasks = [make_task("c", "b"), make_task("b", "a"), make_task("a"), make_task("other")]
    result = run(make_job(*tasks), failing("a"))
    assert result.states == {
        "a": State.FAILED,
        "b": State.UPSTREAM_FAILED,
        "c": State.UPSTREAM_FAILED,
        "other": State.SUCCESS,
    }
    assert [(failure.name, str(failure.error)) for failure in result.failed] == [("a", "a")]
    assert not result.succeeded


def test_all_dependents_of_a_failed_task_are_skipped_whatever_the_order_of_the_file(
    make_job: MakeJob, make_task: MakeTask
) -> None:
    result = run(make_job(make_task("c", "b"), make_task("b", "a"), make_task("a")), failing("a"))
    assert result.states["c"] is State.UPSTREAM_FAILED


def test_a_script_that_exits_has_failed(make_job: MakeJob, make_task: MakeTask) -> None:
    def execute(step: Step) -> None:
        raise SystemExit(1)

    assert run(make_job(make_task("a")), execute).states == {"a": State.FAILED}


@pytest.mark.parametrize(
    ("bad", "succeeded"), [(["work"], True), (["report"], False), (["work", "report"], False), ([], True)]
)
def test_the_leaf_tasks_decide(
    make_job: MakeJob, make_task: MakeTask, bad: list[str], succeeded: bool
) -> None:
    tasks = [make_task("work"), make_task("report", "work", run_if=RunIf.ALL_DONE)]
    assert run(make_job(*tasks), failing(*bad)).succeeded is succeeded


def test_an_excluded_leaf_counts_as_success(make_job: MakeJob, make_task: MakeTask) -> None:
    tasks = [make_task("work"), make_task("alarm", "work", run_if=RunIf.AT_LEAST_ONE_FAILED)]
    result = run(make_job(*tasks), failing())
    assert (result.states["alarm"], result.succeeded) == (State.EXCLUDED, True)


def test_a_failed_iteration_fails_its_task_but_the_others_still_run(
    make_job: MakeJob, make_task: MakeTask
) -> None:
    loop = make_task("loop", for_each=ForEach('["x", "y", "z"]'))
    tasks = [loop, make_task("next", "loop"), make_task("anyway", "loop", run_if=RunIf.ALL_DONE)]
    result = run(make_job(*tasks), failing("x"))
    assert [step.input for step in result.steps] == ["x", "y", "z", None]
    assert result.states == {
        "loop": State.FAILED,
        "next": State.UPSTREAM_FAILED,
        "anyway": State.SUCCESS,
    }
    assert [failure.name for failure in result.failed] == ["loop (x)"]


def test_a_for_each_task_is_done_when_its_last_iteration_is(make_job: MakeJob, make_task: MakeTask) -> None:
    ended: list[str] = []
    first_has_ended = threading.Event()

    def execute(step: Step) -> None:
        if step.input == "slow":
            first_has_ended.wait(SECONDS)
            # Long enough for a task that did not wait for this iteration to get ahead of it.
            threading.Event().wait(0.1)
        ended.append(step.input or step.task)

    def notify(event: Event) -> None:
        if event.input == "fast" and event.state is State.SUCCESS:
            first_has_ended.set()

    tasks = [make_task("loop", for_each=ForEach('["slow", "fast"]', 2)), make_task("next", "loop")]
    run_job(make_job(*tasks), execute, parameters={}, run_id="r", notify=notify)
    assert ended == ["fast", "slow", "next"]


@pytest.mark.parametrize(("own", "cap", "most"), [(1, None, 1), (3, None, 3), (5, 2, 2), (2, 5, 2)])
def test_iterations_run_at_their_concurrency_up_to_the_cap(
    make_job: MakeJob, make_task: MakeTask, own: int, cap: int | None, most: int
) -> None:
    meter = Meter(most)
    loop = make_task("loop", for_each=ForEach("[1, 2, 3, 4, 5, 6]", own))
    result = run(make_job(loop), meter, cap)
    assert (meter.most, len(result.steps)) == (most, 6)


def test_the_cap_holds_over_all_for_each_tasks_together(make_job: MakeJob, make_task: MakeTask) -> None:
    meter = Meter(2)
    loops = [make_task(key, for_each=ForEach("[1, 2, 3]", 3)) for key in ("left", "right")]
    result = run(make_job(*loops), meter, concurrency=2)
    assert (meter.most, len(result.steps)) == (2, 6)


def test_the_cap_does_not_limit_other_tasks(make_job: MakeJob, make_task: MakeTask) -> None:
    meeting = threading.Barrier(2, timeout=SECONDS)

    def execute(step: Step) -> None:
        meeting.wait()

    tasks = [make_task("loop", for_each=ForEach("[1]")), make_task("other")]
    assert run(make_job(*tasks), execute, concurrency=1).succeeded


def test_events_arrive_in_order_in_the_callers_thread(make_job: MakeJob, make_task: MakeTask) -> None:
    events: list[Event] = []
    threads: set[threading.Thread] = set()

    def notify(event: Event) -> None:
        events.append(event)
        threads.add(threading.current_thread())

    tasks = [make_task("a"), make_task("loop", "a", for_each=ForEach('["x"]')), make_task("b", "loop")]
    run_job(make_job(*tasks), failing("x"), parameters={}, run_id="r", notify=notify)
    assert [(event.task, event.input, event.state) for event in events] == [
        ("a", None, State.RUNNING),
        ("a", None, State.SUCCESS),
        ("loop", "x", State.RUNNING),
        ("loop", "x", State.FAILED),
        ("loop", None, State.FAILED),
        ("b", None, State.UPSTREAM_FAILED),
    ]
    assert [isinstance(event.error, StepError) for event in events] == [
        False,
        False,
        False,
        True,
        True,
        False,
    ]
    assert threads == {threading.current_thread()}


@pytest.mark.parametrize(
    ("parameters", "arguments", "cap", "message"),
    [
        ({"b": "1"}, (), None, "has no parameter 'b'"),
        ({}, ("{{job.parameters.b}}",), None, "has no value"),
        ({}, (), 0, "concurrency is 0; it must be at least 1"),
    ],
)
def test_an_invalid_request_is_refused_before_anything_runs(
    make_job: MakeJob,
    make_task: MakeTask,
    parameters: dict[str, str],
    arguments: tuple[str, ...],
    cap: int | None,
    message: str,
) -> None:
    ran: list[Step] = []
    job = make_job(make_task("first"), make_task("last", "first", parameters=arguments), a="1")
    with pytest.raises(JobGraphError, match=message):
        run_job(job, ran.append, parameters=parameters, run_id="r", concurrency=cap)
    assert ran == []


def test_after_an_interrupt_no_new_step_starts(make_job: MakeJob, make_task: MakeTask) -> None:
    ran: list[str] = []
    go_on = threading.Event()

    def execute(step: Step) -> None:
        ran.append(step.task)
        # By then the main thread waits for this step to end.
        go_on.wait(0.1)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        go_on.wait(SECONDS)

    try:
        with pytest.raises(KeyboardInterrupt):
            run(make_job(make_task("a"), make_task("b", "a")), execute)
    finally:
        go_on.set()
    for thread in threading.enumerate():
        if thread.name.startswith("ThreadPoolExecutor"):
            thread.join(SECONDS)
    assert ran == ["a"]
