"""Factories of small bundles and jobs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml
from jobgraph import Job, Task


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "jobs" / "work.py"
    path.parent.mkdir()
    path.write_text("")
    return path


@pytest.fixture
def write_bundle(tmp_path: Path, script: Path) -> Callable[..., Path]:
    """Write databricks.yml with more top-level text, and the files of resources/ by name."""

    def write(text: str = "", **resources: str) -> Path:
        bundle_file = tmp_path / "databricks.yml"
        include = "include: [resources/*.yml]\n" if resources else ""
        bundle_file.write_text("bundle: {name: small}\n" + include + dedent(text))
        for name, content in resources.items():
            file = tmp_path / "resources" / f"{name}.yml"
            file.parent.mkdir(exist_ok=True)
            file.write_text(dedent(content))
        return bundle_file

    return write


@pytest.fixture
def python_task(script: Path) -> Callable[..., dict[str, Any]]:
    def task(key: str, *after: str, **fields: Any) -> dict[str, Any]:
        spec = {"task_key": key, "depends_on": [{"task_key": other} for other in after]}
        return {**spec, "spark_python_task": {"python_file": "../jobs/work.py"}, **fields}

    return task


@pytest.fixture
def job_yaml() -> Callable[..., str]:
    """Return the text of a resource file with the job `j`."""

    def text(*tasks: dict[str, Any], parameters: dict[str, Any] | None = None) -> str:
        entries = [{"name": name, "default": value} for name, value in (parameters or {}).items()]
        job = {"name": "j", "parameters": entries, "tasks": list(tasks)}
        return yaml.safe_dump({"resources": {"jobs": {"j": job}}}, sort_keys=False)

    return text


@pytest.fixture
def make_task(script: Path) -> Callable[..., Task]:
    def task(key: str, *after: str, **fields: Any) -> Task:
        return Task(key=key, python_file=script, depends_on=after, **fields)

    return task


@pytest.fixture
def make_job() -> Callable[..., Job]:
    def job(*tasks: Task, **parameters: str) -> Job:
        return Job("j", parameters, tasks)

    return job
