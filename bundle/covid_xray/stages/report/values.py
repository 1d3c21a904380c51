"""All that a page shows, as plain values that know no Spark, HTML or pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from radiograph import OCCLUSIONS

from covid_xray.dataset.population import ClassPopulation
from covid_xray.dataset.record import Dataset, PublishedResult
from covid_xray.evaluation.calibration import CalibrationBin, calibration
from covid_xray.evaluation.results_model import (
    Comparison,
    Result,
    baselines,
    baselines_elsewhere,
    comparison_with_baseline,
)
from covid_xray.stages.report.relied_on import SourceProbe
from covid_xray.stages.report.strata import StrataOfNetwork

# Stands for the source of images of which none is known.
UNKNOWN = "not known"
# Refused files, and pairs of near-duplicates, that a page lists.
MOST_REFUSED, MOST_NEAR_DUPLICATES = 50, 20


@dataclass(frozen=True)
class Counts:
    """Images and patients of a class, and how many held-out images share a patient with training.

    Attributes
    ----------
    shared, held_out : int
        Of the first repeat of `as_published`; under `patient_grouped` none is shared.
    unknown : int
        Images whose patient is unknown: each is counted as a separate patient.
    """

    task: str
    label: str
    images: int
    patients: int
    held_out: int
    shared: int
    unknown: int = 0


@dataclass(frozen=True)
class Flow:
    """How many files were refused, by reason, and how many images of how many patients were used.

    Attributes
    ----------
    unknown : int
        Images whose patient is unknown, each counted as a separate patient.
    rows, unmatched : int
        Rows of the patients and metadata files about the folder's classes, and those of them that name no
        image.
    """

    refused: Mapping[str, int]
    used: int
    patients: int
    in_two_classes: int
    unknown: int = 0
    rows: int = 0
    unmatched: int = 0


@dataclass(frozen=True)
class Refused:
    """A file in quarantine."""

    path: str
    reason: str
    detail: str


@dataclass(frozen=True)
class NearDuplicatePair:
    """Two near-duplicates: their files and classes, and the correlation of their details."""

    path: str
    label: str
    other_path: str
    other_label: str
    similarity: float


@dataclass(frozen=True)
class NearDuplicates:
    """The near-duplicates among the images of a run.

    Attributes
    ----------
    pairs, apart : int
        How many there are, and how many of them are of different patients.
    listed : tuple of NearDuplicatePair
        The first `MOST_NEAR_DUPLICATES` of those of different patients.
    too_alike : bool
        Whether all images resemble each other, so that none can be told.
    """

    pairs: int = 0
    apart: int = 0
    listed: tuple[NearDuplicatePair, ...] = ()
    too_alike: bool = False


@dataclass(frozen=True)
class Report:
    """All of a run.

    Attributes
    ----------
    results : tuple of Result
        Sorted by task, kind and name.
    refused : tuple of Refused
        The first `MOST_REFUSED` of those that `flow` counts.
    sources : mapping
        By class: images of each source, `UNKNOWN` among them; empty where no source is known.
    variants : mapping
        By network and task: the result of a run that differs in nothing but `preprocessing`.
    dataset : Dataset or None
        The known dataset that all images are of.
    near_duplicates : NearDuplicates or None
        None if nobody looked for near-duplicates, as in runs of versions before 0.2.
    probes : tuple of SourceProbe
        How well the features of the networks tell sources apart, where a class has several.
    population : tuple of ClassPopulation
        Empty where neither view, sex nor age of any image is known.
    strata : tuple of StrataOfNetwork
        Of the networks of which there are any.
    left_out : tuple of StrataOfNetwork
        What the networks reach on each source that was left out, where sources allow it.
    no_source_folds : mapping
        By task: why its sources cannot be left out one by one.
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
    dataset: Dataset | None = None
    near_duplicates: NearDuplicates | None = None
    probes: tuple[SourceProbe, ...] = ()
    population: tuple[ClassPopulation, ...] = ()
    strata: tuple[StrataOfNetwork, ...] = ()
    left_out: tuple[StrataOfNetwork, ...] = ()
    no_source_folds: Mapping[str, str] = field(default_factory=dict)

    @property
    def random(self) -> bool:
        """Whether any result rests on random weights."""
        return any(result.weights == "random" for result in self.results)

    def networks(self, task: str) -> list[Result]:
        """Return the networks of a task, and the classifier on the features of all of them."""
        return [r for r in self.results if r.task == task and r.kind == "backbone"]

    def baselines(self, task: str) -> list[Result]:
        """Return the baselines of a task, the best first."""
        return baselines(self.results, task)

    @property
    def external_networks(self) -> list[Result]:
        """Return the networks that were tried on images from elsewhere."""
        return [r for r in self.results if r.kind == "backbone" and r.external]

    @property
    def external_baselines(self) -> list[Result]:
        """Return the baselines that were applied to the images of one of them."""
        return baselines_elsewhere(self.external_networks, self.results)

    @property
    def calibrations(self) -> list[tuple[Result, list[CalibrationBin]]]:
        """Return the networks that were tried on images from elsewhere, each with its calibration there."""
        return [
            (r, calibration([values[0] for values in found["probability"]], found["label"] == r.classes[0]))
            for r in self.external_networks
            if r.external and len(found := r.external.held_out)
        ]

    def occluded(self, task: str) -> list[Result]:
        """Return the networks of a task that were trained anew with parts of the pictures hidden."""
        found = [r for r in self.results if r.task == task and r.is_occluded and r.headline]
        return sorted(found, key=lambda result: (result.name, list(OCCLUSIONS).index(result.kind)))

    def margin(self, result: Result, protocol: str) -> Comparison | None:
        """Return the comparison of a network with the best baseline: its margin over that."""
        return comparison_with_baseline(self.comparisons, result, protocol)

    def published(self, result: Result) -> PublishedResult | None:
        """Return what others published of the same network, classes and images, if anything was."""
        return self.dataset.result(result.name, result.classes) if self.dataset else None

    @property
    def with_variants(self) -> list[tuple[Result, Result]]:
        """Return the networks that have a variant, each with it."""
        networks = [result for result in self.results if result.is_network and result.headline]
        found = ((result, self.variants.get((result.name, result.task))) for result in networks)
        return [(result, variant) for result, variant in found if variant and variant.headline]

    def images(self, task: str) -> tuple[int, int]:
        """Return how many images a task has, and how many of them are of unknown patients."""
        counts = [found for found in self.counts if found.task == task]
        return sum(found.images for found in counts), sum(found.unknown for found in counts)

    @property
    def tasks(self) -> list[str]:
        """Return the tasks that were asked for."""
        return sorted({result.task for result in self.results})
