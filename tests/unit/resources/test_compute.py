"""One graph for clusters and for serverless compute: what each target's tasks run on."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from databricks.bundles.jobs import Job

from tests.unit.resources.definitions import JOBS, ROOT, python_task, resolved

CLASSIC = ("dev", "staging", "prod")
ON_COMPUTE = ("job_cluster_key", "environment_key", "libraries")
# What serverless environment 5 has (https://docs.databricks.com/aws/en/release-notes/serverless/), and Spark
# itself: numpy, pandas and pyarrow there are in the versions of pyproject.toml.
OF_THE_ENVIRONMENT = {"pyspark[connect]", "delta-spark", "numpy", "pandas", "pyarrow", "tensorflow"}


def requirements() -> dict[str, str]:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    plain = [line.split(";")[0].strip() for line in groups["runtime"]]
    return {line.replace(">", "=").split("=")[0]: line for line in plain}


@pytest.mark.parametrize("target", CLASSIC)
@pytest.mark.parametrize("key", JOBS)
def test_on_a_cluster_every_task_installs_the_wheel_on_the_jobs_own(key: str, target: str) -> None:
    job = resolved("jobs", key, target)
    (cluster,) = [entry["job_cluster_key"] for entry in job["job_clusters"]]
    assert "environments" not in job
    for task in map(python_task, job["tasks"]):
        on = {field: task.get(field) for field in ON_COMPUTE}
        wheel = [{"whl": "./dist/*.whl"}]
        assert on == {"job_cluster_key": cluster, "environment_key": None, "libraries": wheel}


@pytest.mark.parametrize("key", JOBS)
def test_on_serverless_compute_no_task_has_cluster_or_libraries(key: str) -> None:
    job = resolved("jobs", key, "free")
    Job.from_dict(job)
    (environment,) = job["environments"]
    assert "job_clusters" not in job
    for task in map(python_task, job["tasks"]):
        on = {field: task.get(field) for field in ON_COMPUTE}
        expected = {"job_cluster_key": None, "environment_key": environment["environment_key"]}
        assert on == expected | {"libraries": None}


@pytest.mark.parametrize("key", JOBS)
def test_but_for_what_it_runs_on_the_graph_is_the_same(key: str) -> None:
    def graph(target: str) -> list[dict[str, Any]]:
        return [
            {name: value for name, value in python_task(task).items() if name not in ON_COMPUTE}
            for task in resolved("jobs", key, target)["tasks"]
        ]

    assert graph("free") == graph("dev")


def test_the_serverless_environment_pins_what_pyproject_pins() -> None:
    (environment,) = resolved("jobs", "training", "free")["environments"]
    assert environment["spec"]["environment_version"] == "5"
    wheel, *pinned = environment["spec"]["dependencies"]
    assert wheel == "./dist/*.whl"
    wanted = {line for name, line in requirements().items() if name not in OF_THE_ENVIRONMENT}
    assert set(pinned) == wanted


def test_a_node_has_room_for_the_heap_and_a_python_worker_on_each_core() -> None:
    (cluster,) = resolved("jobs", "training", "prod")["job_clusters"]
    found = cluster["new_cluster"]
    assert found["spark_version"] == "18.x-cpu-ml-scala2.13"
    assert found["data_security_mode"] == "DATA_SECURITY_MODE_DEDICATED"
    # https://aws.amazon.com/ec2/instance-types/r5/
    assert found["node_type_id"] == "r5d.2xlarge"
    cores, memory, services, worker = 8, 64, 6, 1
    heap = int(found["spark_conf"]["spark.executor.memory"].removesuffix("g"))
    assert heap + cores * worker + services <= memory
