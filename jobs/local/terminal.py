"""Progress bars, lines and tables of local runs."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from types import TracebackType

from covid_xray.progress import Progress, duration
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
)
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text


class _Speed(ProgressColumn):
    """Units per second and remaining time, as measured by the stage."""

    def render(self, task: Task) -> Text:
        return Text(task.fields["speed"], style="dim")


class Terminal:
    """Progress bars on a terminal, plain lines otherwise; one line per finished item."""

    def __init__(self) -> None:
        self.console = Console(highlight=False)
        if not self.console.is_terminal:
            # A log file has no width; the default of 80 columns would wrap the tables.
            self.console.width = 160
        self._bars = Bars(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            _Speed(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self._running: dict[str, TaskID] = {}

    def __enter__(self) -> Terminal:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def print(self, text: str) -> None:
        """Print a line above the progress bars."""
        self.console.print(text, markup=False, soft_wrap=True)

    def notify(self, progress: Progress) -> None:
        """Show the progress of a stage."""
        running = progress.done < progress.total
        if not self.console.is_terminal or not running:
            self.print(str(progress))
        name = f"{progress.stage} {progress.subject}"
        if not running:
            self._drop(name)
            return
        if name not in self._running:
            self._running[name] = self._bars.add_task(name, total=progress.total, speed="starting")
        self._bars.update(self._running[name], completed=progress.done, speed=_speed(progress))

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table; the first two columns are names, the others numbers.

        A heading is at most as wide as what stands below it, or as its longest word.
        """
        table = Table(
            title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=0, show_edge=False
        )
        for index, column in enumerate(columns):
            widest = max(map(len, [*column.split(), *(row[index] for row in rows)]))
            names = index < 2
            # A name that does not fit goes on in the next line, and no number is cut.
            table.add_column(
                fill(column, widest),
                justify="left" if names else "right",
                no_wrap=not names,
                overflow="fold",
            )
        for row in rows:
            table.add_row(*row)
        self.console.print(table)

    def _drop(self, name: str) -> None:
        bar = self._running.pop(name, None)
        if bar is not None:
            self._bars.remove_task(bar)


def _speed(progress: Progress) -> str:
    if not progress.done or not progress.seconds:
        return "starting"
    rate = progress.done / progress.seconds
    return f"{rate:.1f} {progress.unit}/s, {duration((progress.total - progress.done) / rate)} left"
