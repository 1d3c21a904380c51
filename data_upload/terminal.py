"""What a command shows on the terminal while it works, and what it keeps off it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def progress_bar(name: str) -> Iterator[Callable[[int, int], None]]:
    """Show progress: a bar on a terminal, a line for every tenth of the work anywhere else.

    Yields
    ------
    callable
        To be called with (done, total) after each step.
    """
    console = Console()
    if not console.is_terminal:
        yield partial(_print_tenths, name)
        return
    columns = (TextColumn(name), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        bar = bars.add_task(name)
        yield lambda done, total: bars.update(bar, completed=done, total=total)


@contextmanager
def suppress_stderr() -> Iterator[None]:
    """Discard everything that this process writes to standard error, C libraries included.

    libtiff reports damaged files there, past any setting of Python's; their rejection says the same.
    """
    stderr = os.dup(2)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(null)
        os.close(stderr)


def _print_tenths(name: str, done: int, total: int) -> None:
    if done * 10 // total > (done - 1) * 10 // total:
        print(f"{name}: {done} of {total}", flush=True)
