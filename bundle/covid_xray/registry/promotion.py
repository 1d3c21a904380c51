"""Promotion of model versions to champion, the version that is used by default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from covid_xray.evaluation.protocols import PATIENT_GROUPED
from covid_xray.registry.registry import Registry
from covid_xray.registry.versions import AGAINST, Version

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
    against : str
        Why its figures are no reason to use it, in a clause (`Verdict.against`); empty if there is none.
    """

    weights: str
    accuracy: float | None = None
    ci_high: float | None = None
    against: str = ""

    def tags(self) -> dict[str, str]:
        """Return the criteria as tags of a model version."""
        values = {_ACCURACY: self.accuracy, _CI_HIGH: self.ci_high}
        told = {AGAINST: self.against} if self.against else {}
        return {_WEIGHTS: self.weights} | told | {k: repr(v) for k, v in values.items() if v is not None}

    @classmethod
    def of(cls, tags: Mapping[str, str]) -> PromotionCriteria:
        """Read the criteria from the tags of a model version."""
        accuracy, ci_high = (float(tags[key]) if key in tags else None for key in (_ACCURACY, _CI_HIGH))
        return cls(tags.get(_WEIGHTS, "file"), accuracy, ci_high, tags.get(AGAINST, ""))


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


def decide(registry: Registry, version: Version, checked: bool) -> str:
    """Promote a new version if there is no champion or it should replace it; return a message.

    Parameters
    ----------
    checked : bool
        Whether a version that its own figures speak against is left out (the setting `champion`).
    """
    named = f"{version.name} version {version.number}"
    new, champion = PromotionCriteria.of(version.tags), registry.champion(version.name)
    if checked and new.against:
        stays = f"; version {champion.number} stays the champion" if champion else ""
        return f"{named} is registered; not made champion, as {new.against}{stays}"
    if champion is None or should_promote(new, PromotionCriteria.of(champion.tags)):
        registry.promote(version)
        return f"{named} is the champion"
    return (
        f"{named} is registered; version {champion.number} stays the champion, as the new accuracy does not "
        "exceed its confidence interval"
    )


def reconsider(registry: Registry, version: Version, against: str, refuted: str) -> str:
    """Record what is now known to speak against a version, and take the champion's place from it or give it.

    Parameters
    ----------
    against : str
        Why it should not be the champion, in a clause; empty if nothing says so (any longer).
    refuted : str
        The same, if other images than those of its run say so: a champion is then one no longer. What its own
        images say was known when it was promoted.

    Returns
    -------
    str
        A message; empty if nothing changes.
    """
    named = f"{version.name} version {version.number}"
    champion, held_back = registry.champion(version.name), AGAINST in version.tags
    if against:
        registry.tag(version, AGAINST, against)
    elif held_back:
        registry.untag(version, AGAINST)
    if refuted and champion and champion.number == version.number:
        registry.demote(version)
        return f"{named} is no longer the champion, as {refuted}"
    if held_back and not against and champion is None:
        registry.promote(version)
        return f"{named} is the champion, as nothing that was measured speaks against it any longer"
    return ""
