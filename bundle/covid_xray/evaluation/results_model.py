"""The results of classifiers, as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd
from radiograph import OCCLUSIONS
from sparkdl.precision import FLOAT32

from covid_xray.dataset.record import count_unknown
from covid_xray.evaluation.absent import absent_classes
from covid_xray.evaluation.protocols import CONTRAST, EXTERNAL, INTERNAL, LEAVE_ONE_SOURCE_OUT
from covid_xray.features.gram import FUSED


@dataclass(frozen=True)
class Value:
    """A metric with its 95 % interval, where it has one, and the images and patients behind it."""

    value: float
    ci_low: float | None
    ci_high: float | None
    n: int
    n_patients: int = 0


@dataclass(frozen=True)
class ProtocolResult:
    """The result of one classifier under one protocol.

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

    def absent(self, classes: tuple[str, ...]) -> list[str]:
        """Return the classes of which no image was held out."""
        return absent_classes(set(self.held_out["label"]), classes)

    @property
    def unknown(self) -> int:
        """Return how many of the images held out are of unknown patients, each counted as one."""
        return count_unknown(self.held_out["patient_id"])

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
        `backbone`, `baseline`, or which part of the pictures was hidden from a network.
    preprocessing : str
        Which part of a picture it saw: a value of the setting of that name.
    precision : str
        In which a network's features were computed.
    dimensionality : int or None
        To how many features those of each network were projected.
    by_protocol : dict of str to ProtocolResult
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
    preprocessing: str = "plain"
    precision: str = FLOAT32
    dimensionality: int | None = None
    by_protocol: Mapping[str, ProtocolResult] = field(default_factory=dict)

    @property
    def is_network(self) -> bool:
        """Whether it is a single network, with a row of its own in `runs`."""
        return self.kind == "backbone" and self.name != FUSED

    @property
    def is_occluded(self) -> bool:
        """Whether it is a network whose classifiers were trained with parts of the pictures hidden."""
        return self.kind in OCCLUSIONS

    @property
    def title(self) -> str:
        """Its name, with what was hidden from it: `VGG16, lungs blanked`."""
        return f"{self.name}, {self.kind.replace('_', ' ')}" if self.is_occluded else self.name

    @property
    def marks(self) -> list[str]:
        """Return what must be said wherever this result is shown."""
        marks = {
            "random weights": self.weights == "random",
            "lungs only": self.preprocessing == "lungs",
            self.precision: self.precision != FLOAT32,
            f"at most {self.dimensionality} features a network": self.dimensionality is not None,
        }
        return [mark for mark, holds in marks.items() if holds]

    @property
    def headline(self) -> ProtocolResult | None:
        """Its result under the strictest protocol that it was measured with."""
        return self.by_protocol.get(self.headline_protocol)

    @property
    def headline_protocol(self) -> str:
        """That protocol; empty without a result."""
        return next((protocol for protocol in INTERNAL if protocol in self.by_protocol), "")

    @property
    def accuracy(self) -> float:
        """Its accuracy in `headline`, by which classifiers are ranked; 0 without a result."""
        return self.headline.overall["accuracy"].value if self.headline else 0.0

    @property
    def by_source(self) -> ProtocolResult | None:
        """Its result on images of sources of which it had seen none."""
        return self.by_protocol.get(LEAVE_ONE_SOURCE_OUT)

    @property
    def external(self) -> ProtocolResult | None:
        """Its result on images from elsewhere."""
        return self.by_protocol.get(EXTERNAL)

    @property
    def contrast(self) -> ProtocolResult | None:
        """Its result on a contrast set, by the class that the positive one is told from."""
        return self.by_protocol.get(CONTRAST)


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
        """Whether the interval excludes zero."""
        return self.ci_low > 0 or self.ci_high < 0


def missed(predictions: pd.DataFrame, positive: str) -> pd.DataFrame:
    """Return the predictions for images of the positive class that name another class.

    Parameters
    ----------
    predictions : pandas.DataFrame
        Columns `label` and `prediction`: a row an image.
    """
    return predictions[(predictions["label"] == positive) & (predictions["prediction"] != positive)]


def baselines(results: Iterable[Result], task: str) -> list[Result]:
    """Return the results of the baselines, the best first."""
    found = [r for r in results if r.task == task and r.kind == "baseline" and r.headline]
    return sorted(found, key=lambda result: result.accuracy, reverse=True)


def baselines_elsewhere(networks: Iterable[Result], results: Iterable[Result]) -> list[Result]:
    """Return the baselines that were applied to the same images from elsewhere as a network of their task.

    The most accurate there stands first.
    """
    tried = {(r.task, _images(r.external)) for r in networks if r.external}
    found = [(r, r.external) for r in results if r.kind == "baseline" and r.external]
    same = [(r, there) for r, there in found if (r.task, _images(there)) in tried]
    return [r for r, _ in sorted(same, key=lambda one: one[1].overall["accuracy"].value, reverse=True)]


def _images(found: ProtocolResult) -> frozenset[str]:
    return frozenset(found.held_out["image_id"])


def comparison_with_baseline(
    comparisons: Iterable[Comparison], result: Result, protocol: str
) -> Comparison | None:
    """Return the comparison of a network with the best baseline: its margin over that."""
    if result.kind != "backbone":
        return None
    for found in comparisons:
        same = (found.task, found.protocol, found.first) == (result.task, protocol, result.name)
        if same and found.second_kind == "baseline":
            return found
    return None
