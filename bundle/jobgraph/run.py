"""Run a job on this machine, each task as soon as its dependencies are done."""

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
    """Run every task of a job whose `run_if` condition is met.

    Steps run in threads: independent tasks at the same time, and up to `concurrency` iterations of a
    for_each task. A failed iteration fails its task, but the others still run. Steps are not retried:
    retries are for transient faults of a cluster (lost nodes, throttled storage), and on one machine they
    would repeat a fault of the data or the code and hide it for hours.

    Parameters
    ----------
    execute
        Runs one step, in its own thread; the step fails if it raises.
    parameters
        Values that replace the defaults of job parameters.
    run_id
        Value of `{{job.run_id}}`.
    concurrency
        Maximum number of iterations at the same time, over all for_each tasks; None for the job's own limits.
    notify
        Called in the calling thread whenever a task or an iteration starts, ends or is skipped.

    Raises
    ------
    JobGraphError
        Before anything runs, if the job is invalid, a parameter is unknown, or a reference has no value.
    KeyboardInterrupt
        Immediately, and no new step starts. A thread cannot be stopped from outside: `execute` has to end the
        running steps, and the interpreter does not exit before they end.
    """
    if concurrency is not None and concurrency < 1:
        raise JobGraphError(f"job {job.key!r}: concurrency is {concurrency}; it must be at least 1")
    tasks = in_order(job)
    plan = plan_steps(job, parameters, run_id)
    run = _Run(tasks, plan, concurrency, notify or _ignore)
    pool = ThreadPoolExecutor(max_workers=sum(map(len, plan.values())))
    try:
        run.run_to_completion(lambda step: pool.submit(execute, step))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return run.result()


def _ignore(event: Event) -> None:
    return None


class _Run:
    """The state of one run. Only the thread that calls `run_to_completion` uses it, so it needs no lock."""

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

    def run_to_completion(self, submit: Callable[[Step], Future[None]]) -> None:
        self._update_states()
        self._start(submit)
        while self._running:
            done, _ = wait(self._running, return_when=FIRST_COMPLETED)
            for future in done:
                self._finish_step(future)
            self._update_states()
            self._start(submit)

    def result(self) -> JobResult:
        success = all(succeeded(self._states[key]) for key in leaves(self._tasks.values()))
        return JobResult(dict(self._states), tuple(self._ended), tuple(self._failed), success)

    def _update_states(self) -> None:
        # Tasks are in topological order, so this pass also reaches the dependents of a task that it skips.
        for task in self._tasks.values():
            ends = [self._states.get(key, State.RUNNING) for key in task.depends_on]
            if task.key in self._states or State.RUNNING in ends:
                continue
            self._states[task.key] = decide(task.run_if, ends)
            if self._states[task.key] is not State.RUNNING:
                self._notify(Event(task.key, self._states[task.key]))

    def _start(self, submit: Callable[[Step], Future[None]]) -> None:
        for step in self._ready_steps():
            self._notify(Event(step.task, State.RUNNING, step.input))
            self._running[submit(step)] = step

    def _ready_steps(self) -> Iterator[Step]:
        for task in self._tasks.values():
            waiting = self._waiting[task.key]
            while self._states.get(task.key) is State.RUNNING and waiting and self._has_capacity(task):
                yield waiting.popleft()

    def _has_capacity(self, task: Task) -> bool:
        if task.for_each is None:
            return True
        iterations = [step for step in self._running.values() if step.input is not None]
        own = sum(step.task == task.key for step in iterations)
        if self._concurrency is not None and len(iterations) >= self._concurrency:
            return False
        return own < task.for_each.concurrency

    def _finish_step(self, future: Future[None]) -> None:
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
            self._finish_task(step.task)

    def _finish_task(self, key: str) -> None:
        errors = [failure.error for failure in self._failed if failure.step.task == key]
        self._states[key] = State.FAILED if errors else State.SUCCESS
        self._notify(Event(key, self._states[key], error=errors[0] if errors else None))
