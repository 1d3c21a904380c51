"""Progress messages of stages; the caller decides how they are shown."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass

_LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@dataclass(frozen=True)
class Progress:
    """The progress of a stage.

    Attributes
    ----------
    stage : str
        `ingest`, `featurize`, `train` or `report`.
    subject : str
        What the stage processes, e.g. a backbone; empty if there is only one.
    done, total : int
        Completed and total units of work.
    unit : str
        Name of the units, in the plural.
    seconds : float
        Elapsed time.
    note : str
        Additional message.
    """

    stage: str
    subject: str = ""
    done: int = 0
    total: int = 0
    unit: str = "images"
    seconds: float = 0.0
    note: str = ""

    def __str__(self) -> str:
        name = f"{self.stage} {self.subject}".strip()
        if not self.total:
            return f"{name}: {self.note}"
        text = f"{name}: {self.done} of {self.total} {self.unit}"
        if self.done and self.seconds:
            rate = self.done / self.seconds
            text += f", {rate:.1f} {self.unit}/s"
            if self.done < self.total:
                text += f", {duration((self.total - self.done) / rate)} left"
        return f"{text} ({self.note})" if self.note else text


Notify = Callable[[Progress], None]


def progress_logger() -> Notify:
    """Return a callback that writes each progress message to the package's log."""
    logger = logging.getLogger("covid_xray")
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(logging.Formatter(_LINE))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        # Spark and the runtime have root handlers, which would print every line twice.
        logger.propagate = False
    return lambda progress: logger.info("%s", progress, extra=asdict(progress))


def counted(count: int, noun: str) -> str:
    """Write a number of things: `1 image`, `2 images`; the noun has a plural on s."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def duration(seconds: float) -> str:
    """Format seconds: `8 s`, `2 min 07 s`, `1 h 05 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"
