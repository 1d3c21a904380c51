"""Promotion of model versions to champion, the version that is used by default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from covid_xray.evaluation.protocols import PATIENT_GROUPED
from covid_xray.registry.registry import Registry
from covid_xray.registry.versions import Version

# Unity Catalog does not allow dots in tag keys.
_ACCURACY = f"{PATIENT_GROUPED}_accuracy"
_CI_HIGH = f"{_ACCURACY}_ci_high"
_WEIGHTS = "weights"


@dataclass(frozen=True)
class PromotionCriteria:
    """The values that decide on the promotion of a version.

    Attributes
    ----------
    weights : str
        `imagenet`, `file` or `random`.
    accuracy, ci_high : float or None
        Accuracy on held-out patients and the upper limit of its confidence interval; None if not measured.
    """

    weights: str
    accuracy: float | None = None
    ci_high: float | None = None

    def tags(self) -> dict[str, str]:
        """Return the criteria as tags of a model version."""
        values = {_ACCURACY: self.accuracy, _CI_HIGH: self.ci_high}
        return {_WEIGHTS: self.weights} | {k: repr(v) for k, v in values.items() if v is not None}

    @classmethod
    def of(cls, tags: Mapping[str, str]) -> PromotionCriteria:
        """Read the criteria from the tags of a model version."""
        accuracy, ci_high = (float(tags[key]) if key in tags else None for key in (_ACCURACY, _CI_HIGH))
        return cls(tags.get(_WEIGHTS, "file"), accuracy, ci_high)


def should_promote(new: PromotionCriteria, champion: PromotionCriteria) -> bool:
    """Return whether a new version should replace the champion.

    It should if its accuracy exceeds the upper limit of the champion's confidence interval, since a smaller
    difference may be chance, or if the champion's accuracy was not measured. Models with random weights only
    test the system: they never replace trained ones, and trained ones always replace them.
    """
    if (new.weights == "random") != (champion.weights == "random"):
        return champion.weights == "random"
    limit = champion.accuracy if champion.ci_high is None else champion.ci_high
    return new.accuracy is not None and (limit is None or new.accuracy > limit)


def decide(registry: Registry, version: Version) -> str:
    """Promote a new version if there is no champion or it should replace it; return a message."""
    champion = registry.champion(version.name)
    if champion is None or should_promote(
        PromotionCriteria.of(version.tags), PromotionCriteria.of(champion.tags)
    ):
        registry.promote(version)
        return f"{version.name} version {version.number} is the champion"
    return (
        f"{version.name} version {version.number} is registered; version {champion.number} stays the "
        "champion, as the new accuracy does not exceed its confidence interval"
    )
