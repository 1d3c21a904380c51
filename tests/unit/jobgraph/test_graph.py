from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from jobgraph import ForEach, Job, JobGraphError, Task, in_order
from jobgraph.graph import leaves

MakeTask = Callable[..., Task]
MakeJob = Callable[..., Job]


def test_tasks_come_after_those_they_depend_on(make_job: MakeJob, make_task: MakeTask) -> None:
    tasks = [make_task("d", "b", "c"), make_task("c", "a"), make_task("b", "a"), make_task("a")]
    keys = [task.key for task in in_order(make_job(*tasks))]
    assert (keys[0], keys[-1], sorted(keys)) == ("a", "d", ["a", "b", "c", "d"])


def test_leaves_are_the_tasks_on_which_no_other_depends(make_task: MakeTask) -> None:
    assert leaves([make_task("a"), make_task("b", "a"), make_task("c", "a")]) == ("b", "c")


def test_a_job_without_tasks_is_refused(make_job: MakeJob) -> None:
    with pytest.raises(JobGraphError, match="job 'j' has no tasks"):
        in_order(make_job())


def test_an_unknown_dependency_is_refused(make_job: MakeJob, make_task: MakeTask) -> None:
    with pytest.raises(JobGraphError, match="task 'a' depends on 'b', which is not a task of this job"):
        in_order(make_job(make_task("a", "b")))


def test_a_cycle_is_refused_and_shown(make_job: MakeJob, make_task: MakeTask) -> None:
    tasks = [make_task("start"), make_task("a", "start", "b"), make_task("b", "a")]
    with pytest.raises(JobGraphError, match=r"the dependencies form a cycle: (a -> b -> a|b -> a -> b)$"):
        in_order(make_job(*tasks))


def test_a_duplicate_key_is_refused(make_job: MakeJob, make_task: MakeTask) -> None:
    with pytest.raises(JobGraphError, match="2 tasks have the key 'a'"):
        in_order(make_job(make_task("b"), make_task("a"), make_task("a")))


def test_a_missing_script_is_refused(make_job: MakeJob, tmp_path: Path) -> None:
    with pytest.raises(JobGraphError, match=r"task 'a': its python_file .*none.py does not exist"):
        in_order(make_job(Task("a", tmp_path / "none.py")))


def test_a_concurrency_below_one_is_refused(make_job: MakeJob, make_task: MakeTask) -> None:
    with pytest.raises(JobGraphError, match="concurrency is 0; it must be at least 1"):
        in_order(make_job(make_task("a", for_each=ForEach("[1]", 0))))
