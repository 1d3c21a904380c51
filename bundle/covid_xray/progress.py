"""What a stage says while it works; whoever runs it decides how that is shown."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass

_LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@dataclass(frozen=True)
class Progress:
    """How far a stage has come.

    Attributes
    ----------
    stage : str
        `ingest`, `featurize`, `train` or `report`.
    subject : str
        What it works on, e.g. a backbone; empty where there is only one thing.
    done, total : int
        Units of work; `done == total` ends the stage's subject.
    unit : str
        What is counted, in the plural.
    seconds : float
        Since the subject was begun.
    note : str
        Anything worth a line of its own.
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


def logged() -> Notify:
    """Return what writes progress to the package's log, a line each: what the log of a job is read for."""
    logger = logging.getLogger("covid_xray")
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(logging.Formatter(_LINE))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        # Spark and the runtime have handlers of their own at the root, which would say it twice.
        logger.propagate = False
    return lambda progress: logger.info("%s", progress, extra=asdict(progress))


def duration(seconds: float) -> str:
    """Write seconds as a person would: `8 s`, `2 min 07 s`, `1 h 05 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"
