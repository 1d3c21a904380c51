"""Which version of a model is the champion: the one that is used unless another is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from covid_xray.evaluation.protocols import PATIENT_GROUPED
from covid_xray.registry.registry import Registry
from covid_xray.registry.versions import Version

# Unity Catalog takes no dots in the keys of tags.
_ACCURACY = f"{PATIENT_GROUPED}_accuracy"
_CI_HIGH = f"{_ACCURACY}_ci_high"
_WEIGHTS = "weights"


@dataclass(frozen=True)
class PromotionCriteria:
    """What a version is judged by.

    Attributes
    ----------
    weights : str
        `imagenet`, `file` or `random`.
    accuracy, ci_high : float or None
        On patients whom it had not seen, and the upper end of its interval; None where that was not measured.
    """

    weights: str
    accuracy: float | None = None
    ci_high: float | None = None

    def tags(self) -> dict[str, str]:
        """Return it as tags of a model version."""
        figures = {_ACCURACY: self.accuracy, _CI_HIGH: self.ci_high}
        return {_WEIGHTS: self.weights} | {k: repr(v) for k, v in figures.items() if v is not None}

    @classmethod
    def of(cls, tags: Mapping[str, str]) -> PromotionCriteria:
        """Read it from such tags."""
        accuracy, ci_high = (float(tags[key]) if key in tags else None for key in (_ACCURACY, _CI_HIGH))
        return cls(tags.get(_WEIGHTS, "file"), accuracy, ci_high)


def should_promote(new: PromotionCriteria, champion: PromotionCriteria) -> bool:
    """Tell whether a new version takes the champion's place.

    It does where its accuracy is above the upper end of the champion's interval: a difference within it may
    be chance, and a champion without a figure is no better than its name. Random weights show that the system
    works and nothing else, so they never take the place of trained ones, which always take theirs.
    """
    if (new.weights == "random") != (champion.weights == "random"):
        return champion.weights == "random"
    limit = champion.accuracy if champion.ci_high is None else champion.ci_high
    return new.accuracy is not None and (limit is None or new.accuracy > limit)


def decide(registry: Registry, version: Version) -> str:
    """Make a new version the champion where there is none or it takes over; say what became of it."""
    champion = registry.champion(version.name)
    if champion is None or should_promote(
        PromotionCriteria.of(version.tags), PromotionCriteria.of(champion.tags)
    ):
        registry.promote(version)
        return f"{version.name} version {version.number} is the champion"
    return (
        f"{version.name} version {version.number} is registered; version {champion.number} stays the "
        "champion, whose accuracy it does not exceed beyond the interval"
    )
