"""All that a page shows, as plain values: nothing here knows Spark, HTML or pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from covid_xray.evaluation.results_model import Result, baselines


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
    """A run, whole.

    Attributes
    ----------
    results : tuple of Result
        Sorted by task, kind and name.
    variants : mapping
        By network and task: what a run that differs in nothing but `preprocessing` reached.
    """

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
    variants: Mapping[tuple[str, str], Result] = field(default_factory=dict)

    @property
    def random(self) -> bool:
        """Whether any result rests on random weights."""
        return any(result.weights == "random" for result in self.results)

    def networks(self, task: str) -> list[Result]:
        """Return the networks of a task, what they make together included."""
        return [r for r in self.results if r.task == task and r.kind == "backbone"]

    def baselines(self, task: str) -> list[Result]:
        """Return what sees no lung, the best first."""
        return baselines(self.results, task)

    def lift(self, result: Result, protocol: str) -> Comparison | None:
        """Return how far a network is above the best baseline."""
        for found in self.comparisons:
            same = (found.task, found.protocol, found.first) == (result.task, protocol, result.name)
            if same and found.second_kind == "baseline":
                return found
        return None

    @property
    def with_variants(self) -> list[tuple[Result, Result]]:
        """Return the networks that have a variant, each with it."""
        networks = [result for result in self.results if result.is_network and result.headline]
        found = ((result, self.variants.get((result.name, result.task))) for result in networks)
        return [(result, variant) for result, variant in found if variant and variant.headline]

    @property
    def tasks(self) -> list[str]:
        """Return the tasks that were asked for."""
        return sorted({result.task for result in self.results})
