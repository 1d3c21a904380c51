"""Run a job on this machine, each task as soon as those that it depends on are done."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from jobgraph.errors import JobGraphError
from jobgraph.graph import Job, Task, in_order, leaves
from jobgraph.result import Event, Failure, JobResult
from jobgraph.run_if import State, decide, succeeded
from jobgraph.steps import Step, plan_steps


def run_job(
    job: Job,
    execute: Callable[[Step], None],
    *,
    parameters: Mapping[str, str],
    run_id: str,
    concurrency: int | None = None,
    notify: Callable[[Event], None] | None = None,
) -> JobResult:
    """Run every task of a job that its `run_if` lets run.

    Steps run in threads: tasks with no path between them at the same time, and the iterations of a for_each
    task as many at once as it says. A failed iteration fails its task, but the others still run. Steps are
    not retried: retries are for the passing faults of a cluster (lost nodes, throttled storage), and on one
    machine they would only repeat a fault of the data or the code, hiding it for hours.

    Parameters
    ----------
    execute
        Runs one step, in a thread of its own; the step failed if it raises.
    parameters
        Values in place of the job parameters' defaults.
    run_id
        What `{{job.run_id}}` stands for.
    concurrency
        At most so many iterations at once, over all for_each tasks together; None leaves it to the job.
    notify
        Called in this thread whenever a task or an iteration starts, ends or is skipped.

    Raises
    ------
    JobGraphError
        Before anything runs: the job is not sound, a parameter is unknown, or a reference has no value.
    KeyboardInterrupt
        At once, and no new step starts. A thread cannot be stopped from outside: ending the steps under way
        is left to whoever gave `execute`, and the interpreter does not exit before they end.
    """
    if concurrency is not None and concurrency < 1:
        raise JobGraphError(f"job {job.key!r}: concurrency is {concurrency}; it must be at least 1")
    tasks = in_order(job)
    plan = plan_steps(job, parameters, run_id)
    run = _Run(tasks, plan, concurrency, notify or _stay_silent)
    pool = ThreadPoolExecutor(max_workers=sum(map(len, plan.values())))
    try:
        run.to_the_end(lambda step: pool.submit(execute, step))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return run.result()


def _stay_silent(event: Event) -> None:
    return None


class _Run:
    """The state of one run. Only the thread that calls `to_the_end` touches it, so it needs no lock."""

    def __init__(
        self,
        tasks: tuple[Task, ...],
        plan: Mapping[str, tuple[Step, ...]],
        concurrency: int | None,
        notify: Callable[[Event], None],
    ) -> None:
        self._tasks = {task.key: task for task in tasks}
        self._waiting = {key: deque(steps) for key, steps in plan.items()}
        self._concurrency = concurrency
        self._notify = notify
        self._running: dict[Future[None], Step] = {}
        self._states: dict[str, State] = {}
        self._ended: list[Step] = []
        self._failed: list[Failure] = []

    def to_the_end(self, submit: Callable[[Step], Future[None]]) -> None:
        self._decide()
        self._start(submit)
        while self._running:
            done, _ = wait(self._running, return_when=FIRST_COMPLETED)
            for future in done:
                self._finish(future)
            self._decide()
            self._start(submit)

    def result(self) -> JobResult:
        good = all(succeeded(self._states[key]) for key in leaves(self._tasks.values()))
        return JobResult(dict(self._states), tuple(self._ended), tuple(self._failed), good)

    def _decide(self) -> None:
        # Tasks stand in order, so one pass also settles those behind a task skipped in this very pass.
        for task in self._tasks.values():
            ends = [self._states.get(key, State.RUNNING) for key in task.depends_on]
            if task.key in self._states or State.RUNNING in ends:
                continue
            self._states[task.key] = decide(task.run_if, ends)
            if self._states[task.key] is not State.RUNNING:
                self._notify(Event(task.key, self._states[task.key]))

    def _start(self, submit: Callable[[Step], Future[None]]) -> None:
        for step in self._startable():
            self._notify(Event(step.task, State.RUNNING, step.input))
            self._running[submit(step)] = step

    def _startable(self) -> Iterator[Step]:
        for task in self._tasks.values():
            waiting = self._waiting[task.key]
            while self._states.get(task.key) is State.RUNNING and waiting and self._has_room(task):
                yield waiting.popleft()

    def _has_room(self, task: Task) -> bool:
        if task.for_each is None:
            return True
        iterations = [step for step in self._running.values() if step.input is not None]
        own = sum(step.task == task.key for step in iterations)
        if self._concurrency is not None and len(iterations) >= self._concurrency:
            return False
        return own < task.for_each.concurrency

    def _finish(self, future: Future[None]) -> None:
        step = self._running.pop(future)
        error = future.exception()
        self._ended.append(step)
        if error is not None:
            self._failed.append(Failure(step, error))
        if step.input is not None:
            self._notify(
                Event(step.task, State.SUCCESS if error is None else State.FAILED, step.input, error)
            )
        if not self._waiting[step.task] and step.task not in {other.task for other in self._running.values()}:
            self._end(step.task)

    def _end(self, key: str) -> None:
        errors = [failure.error for failure in self._failed if failure.step.task == key]
        self._states[key] = State.FAILED if errors else State.SUCCESS
        self._notify(Event(key, self._states[key], error=errors[0] if errors else None))
