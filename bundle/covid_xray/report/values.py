"""What a page shows, as plain values: nothing here knows Spark, HTML or pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from covid_xray.compare.fused import FUSED
from covid_xray.protocols import EXTERNAL, INTERNAL


@dataclass(frozen=True)
class Value:
    """A figure with its 95 % interval, where it has one, and the images and patients behind it."""

    value: float
    ci_low: float | None
    ci_high: float | None
    n: int
    n_patients: int = 0
    published: float | None = None


@dataclass(frozen=True)
class Measured:
    """What one classifier reached under one protocol.

    Attributes
    ----------
    overall : dict of str to Value
        By metric.
    per_class : dict of str to dict
        By label, then by metric.
    held_out : pandas.DataFrame
        Predictions of repeat 0: `label`, `prediction`, `probability`, `image_id`, `patient_id`, `fold`.
    """

    overall: Mapping[str, Value]
    per_class: Mapping[str, Mapping[str, Value]]
    held_out: pd.DataFrame

    def confusion(self, classes: tuple[str, ...]) -> tuple[tuple[int, ...], ...]:
        """Count predictions, a row a label, both in the order of `classes`."""
        crossed = pd.crosstab(self.held_out["label"], self.held_out["prediction"])
        ordered = crossed.reindex(index=classes, columns=classes, fill_value=0)
        return tuple(tuple(int(count) for count in line) for line in ordered.to_numpy())


@dataclass(frozen=True)
class Result:
    """One classifier on one task: a row of `runs`, all networks together, or a baseline.

    Attributes
    ----------
    kind : str
        `backbone` or `baseline`.
    measured : dict of str to Measured
        By protocol; empty unless it succeeded.
    """

    kind: str
    name: str
    task: str
    classes: tuple[str, ...]
    run_id: str
    status: str
    error: str | None = None
    weights: str = ""
    weights_id: str | None = None
    featurize_seconds: float | None = None
    featurized_images: int | None = None
    train_seconds: float | None = None
    measured: Mapping[str, Measured] = field(default_factory=dict)

    @property
    def is_network(self) -> bool:
        """Whether it is one of the five, with a row of its own in `runs`."""
        return self.kind == "backbone" and self.name != FUSED

    @property
    def headline(self) -> Measured | None:
        """What it reached under the strictest protocol it was measured with."""
        return next((self.measured[p] for p in INTERNAL if p in self.measured), None)

    @property
    def external(self) -> Measured | None:
        """What it reached on images from elsewhere."""
        return self.measured.get(EXTERNAL)


@dataclass(frozen=True)
class Comparison:
    """A row of the table `comparisons`."""

    task: str
    protocol: str
    first: str
    second: str
    second_kind: str
    difference: float
    ci_low: float
    ci_high: float
    first_only: int
    second_only: int
    p_value: float
    p_holm: float

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out a difference of none."""
        return self.ci_low > 0 or self.ci_high < 0


@dataclass(frozen=True)
class Counts:
    """Images and patients of a class, and how many held-out images share a patient with training.

    Attributes
    ----------
    shared, held_out : int
        Of the first repeat of `as_published`; under `patient_grouped` none is shared.
    """

    task: str
    label: str
    images: int
    patients: int
    held_out: int
    shared: int


@dataclass(frozen=True)
class Flow:
    """Images on their way: refused by reason, used, and the patients behind those used."""

    refused: Mapping[str, int]
    used: int
    patients: int
    in_two_classes: int


@dataclass(frozen=True)
class Refused:
    """A file in quarantine."""

    path: str
    reason: str
    detail: str


@dataclass(frozen=True)
class Report:
    """All that a page shows. `results` are sorted by task, kind and name."""

    run_id: str
    results: tuple[Result, ...]
    comparisons: tuple[Comparison, ...]
    counts: tuple[Counts, ...]
    flow: Flow
    refused: tuple[Refused, ...]
    sources: Mapping[str, Mapping[str, int]]
    settings: Mapping[str, Any]
    versions: Mapping[str, str]
    git_commit: str | None

    @property
    def random(self) -> bool:
        """Whether any result rests on random weights."""
        return any(result.weights == "random" for result in self.results)

    def networks(self, task: str) -> list[Result]:
        """Return the networks of a task, what they make together included."""
        return [r for r in self.results if r.task == task and r.kind == "backbone"]

    def baselines(self, task: str) -> list[Result]:
        """Return what sees no lung, the best first."""
        found = [r for r in self.results if r.task == task and r.kind == "baseline" and r.headline]
        return sorted(found, key=_accuracy, reverse=True)

    def lift(self, result: Result, protocol: str) -> Comparison | None:
        """Return how far a network is above the best baseline."""
        for found in self.comparisons:
            same = (found.task, found.protocol, found.first) == (result.task, protocol, result.name)
            if same and found.second_kind == "baseline":
                return found
        return None

    @property
    def tasks(self) -> list[str]:
        """Return the tasks that were asked for."""
        return sorted({result.task for result in self.results})


def _accuracy(result: Result) -> float:
    return result.headline.overall["accuracy"].value if result.headline else 0.0
