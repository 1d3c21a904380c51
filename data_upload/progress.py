"""A bar on a terminal, a line every tenth anywhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def progress_bar(name: str) -> Iterator[Callable[[int, int], None]]:
    """Give a function that is told (done, total)."""
    console = Console()
    columns = (TextColumn(name), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        bar = bars.add_task(name)

        def notify(done: int, total: int) -> None:
            bars.update(bar, completed=done, total=total)
            if not console.is_terminal and done * 10 // total > (done - 1) * 10 // total:
                print(f"{name}: {done} of {total}", flush=True)

        yield notify
