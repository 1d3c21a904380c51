"""Run a job of the bundle on this machine."""

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
    """Run the tasks of `resources/<job>.job.yml` in this process and show their progress.

    Raises
    ------
    KeyboardInterrupt
        Immediately, after listing the completed tasks; running steps continue in their threads.
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
        # The iterations of a for_each task are listed already.
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
        completed = f"; completed: {', '.join(done)}" if done else ""
        terminal.print(f"Interrupted{completed}")
        raise


def show_failures(result: JobResult, terminal: Terminal, debug: bool) -> None:
    """Print each failure on one line."""
    # The failure of `report` only repeats those of the other tasks, if there are some.
    others = [failure for failure in result.failed if not isinstance(failure.error, RunFailedError)]
    for failure in others or result.failed:
        terminal.print(f"{failure.name} failed: {one_line(failure.error)}")
        if debug:
            raise failure.error


def _deployment() -> dict[str, str]:
    """Return the values that a deployment would provide; the user name is not used here."""
    return {
        "workspace.file_path": str(ROOT),
        "workspace.current_user.userName": "nobody",
        "bundle.git.commit": _git_commit(),
    }


def _git_commit() -> str:
    """Return the commit of this checkout, or an empty string if it is no git repository, as the CLI does."""
    command = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return ""
