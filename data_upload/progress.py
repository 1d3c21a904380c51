"""A bar on a terminal, a line for every tenth anywhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def progress_bar(name: str) -> Iterator[Callable[[int, int], None]]:
    """Give a function that is told (done, total)."""
    console = Console()
    if not console.is_terminal:
        yield partial(_print_tenths, name)
        return
    columns = (TextColumn(name), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        bar = bars.add_task(name)
        yield lambda done, total: bars.update(bar, completed=done, total=total)


def _print_tenths(name: str, done: int, total: int) -> None:
    if done * 10 // total > (done - 1) * 10 // total:
        print(f"{name}: {done} of {total}", flush=True)
