"""The command `run all`: its second execution against the first, and its peak memory."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.options import Options
from benchmarks.processes import peak_memory, seconds
from benchmarks.result import Goal, Ratio
from benchmarks.workbench import CONFIG


def measure(options: Options) -> list[Ratio]:
    """Execute `run all` twice."""
    peaks: list[float] = []
    first = seconds(lambda: peaks.append(_run_all(options)))
    second = seconds(lambda: peaks.append(_run_all(options)))
    times = {"first s": first, "second s": second}
    return [
        Ratio("run all: second / first", second / first, Goal(high=0.05), times),
        Ratio("run all: peak memory in GB, Spark and Python", max(peaks), Goal(high=6)),
    ]


def _run_all(options: Options) -> float:
    """Execute `run all`; return the peak memory in GB."""
    arguments = ["--data", str(options.data), "--output", str(options.folder / "all")]
    arguments += ["--weights", options.weights]
    if options.images is not None:
        arguments += ["--set", f"limit_per_class={options.images // 3}"]
    command = [sys.executable, "-m", "jobs.local", "run", "all", *arguments]
    log = options.folder / "all.log"
    with log.open("a") as out:
        process = subprocess.Popen(command, cwd=CONFIG.parent, stdout=out, stderr=out)  # noqa: S603
        with peak_memory(process.pid) as peak:
            code = process.wait()
    if code:
        raise RuntimeError(f"`run all` exited with code {code}: see {log}")
    return peak()
