"""A job of the bundle, gone through on this machine."""

from __future__ import annotations

import runpy
import subprocess
from collections.abc import Mapping
from pathlib import Path

from covid_xray.errors import RunFailedError, one_line
from jobgraph import Event, JobResult, State, Step, load_job, run_job

from jobs.local.terminal import Terminal

ROOT = Path(__file__).resolve().parents[2]


def run_graph(
    job: str, parameters: Mapping[str, str], run_id: str, terminal: Terminal, concurrency: int = 1
) -> JobResult:
    """Run the tasks of `resources/<job>.job.yml` in this process, and show how far they are.

    Raises
    ------
    KeyboardInterrupt
        At once, after saying what is done; steps under way go on in their threads.
    """
    done: list[str] = []

    def execute(step: Step) -> None:
        main = runpy.run_path(str(step.python_file), run_name="task")["main"]
        main(step.parameters, terminal.notify)

    def note(event: Event) -> None:
        if event.state is not State.SUCCESS:
            return
        if event.input is not None:
            done.append(f"{event.task} {event.input}")
        # A task whose iterations have been named says nothing new when it ends.
        elif not any(name.startswith(f"{event.task} ") for name in done):
            done.append(event.task)

    try:
        return run_job(
            load_job(ROOT / "databricks.yml", job, context=_deployment()),
            execute,
            parameters=parameters,
            run_id=run_id,
            concurrency=concurrency,
            notify=note,
        )
    except KeyboardInterrupt:
        terminal.say(f"Interrupted; done by now: {', '.join(done) or 'nothing yet'}")
        raise


def show_failures(result: JobResult, terminal: Terminal, debug: bool) -> None:
    """Say in a line each what failed."""
    for failure in result.failed:
        # The report's failure only repeats those of the other tasks.
        if not isinstance(failure.error, RunFailedError):
            terminal.say(f"{failure.name} failed: {one_line(failure.error)}")
            if debug:
                raise failure.error


def _deployment() -> dict[str, str]:
    """Return what only a deployment would know; nobody's name matters here."""
    return {
        "workspace.file_path": str(ROOT),
        "workspace.current_user.userName": "nobody",
        "bundle.git.commit": _git_commit(),
    }


def _git_commit() -> str:
    """Return the commit of this checkout; an empty text where it is none, as the CLI does."""
    command = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return ""
