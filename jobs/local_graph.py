"""A job of the bundle, gone through on this machine."""

from __future__ import annotations

import runpy
from collections.abc import Mapping
from pathlib import Path

from covid_xray import runs
from covid_xray.errors import RunFailedError
from jobgraph import JobResult, Step, load_job, run_job

from jobs.terminal import Terminal

ROOT = Path(__file__).resolve().parent.parent


def go_through(
    job: str, parameters: Mapping[str, str], run_id: str, terminal: Terminal, concurrency: int = 1
) -> JobResult:
    """Run the tasks of `resources/<job>.job.yml` in this process, and show how far they are."""

    def execute(step: Step) -> None:
        main = runpy.run_path(str(step.python_file), run_name="task")["main"]
        main(step.parameters, terminal.notify)

    return run_job(
        load_job(ROOT / "databricks.yml", job, context=_deployment()),
        execute,
        parameters=parameters,
        run_id=run_id,
        concurrency=concurrency,
    )


def tell_failures(result: JobResult, terminal: Terminal, debug: bool) -> None:
    """Say in a line each what failed."""
    for failure in result.failed:
        # The report's failure only repeats those of the other tasks.
        if not isinstance(failure.error, RunFailedError):
            terminal.say(f"{failure.name} failed: {runs.one_line(failure.error)}")
            if debug:
                raise failure.error


def _deployment() -> dict[str, str]:
    """Return what only a deployment would know; nobody's name matters here."""
    return {"workspace.file_path": str(ROOT), "workspace.current_user.userName": "nobody"}
