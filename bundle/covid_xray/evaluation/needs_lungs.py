"""Whether classifiers need the lungs: what they lose where these are hidden and everything is retrained."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from covid_xray.evaluation.results_model import Comparison, ProtocolResult, Result, Value
from covid_xray.evaluation.wording import percent

# The occlusion that leaves nothing of the lungs.
BLANKED = "lungs_blanked"
# A classifier that keeps this share of what it has above guessing does not need what was hidden.
_KEPT = 0.9


@dataclass(frozen=True)
class WithoutLungs:
    """The accuracies of one network with and without the lungs, under the same protocol.

    Attributes
    ----------
    network : str
    whole, blanked : Value
        Accuracy with the whole picture, and with the lung box blanked and the classifiers retrained.
    guessing : float
        Accuracy of always naming the most frequent class.
    loss : Comparison
        Of the first with the second.
    """

    network: str
    whole: Value
    blanked: Value
    guessing: float
    loss: Comparison

    @classmethod
    def of(
        cls, result: Result, results: Iterable[Result], comparisons: Iterable[Comparison]
    ) -> WithoutLungs | None:
        """Return it for a network's result, from those of its run; None without the occlusion."""
        protocol = result.headline_protocol
        loss = next((found for found in comparisons if _is_loss(found, result, protocol)), None)
        for other in results:
            same = (other.kind, other.name, other.task) == (BLANKED, result.name, result.task)
            if same and loss and protocol in other.by_protocol and result.headline:
                blanked = other.by_protocol[protocol].overall["accuracy"]
                whole = result.headline.overall["accuracy"]
                return cls(result.name, whole, blanked, _guessing(result.headline), loss)
        return None

    @property
    def tells(self) -> bool:
        """Whether it is known to do more than guess: what does not cannot lose anything."""
        return self.whole.ci_low is not None and self.whole.ci_low > self.guessing

    @property
    def loses(self) -> bool:
        """Whether it is worse without the lungs by more than chance explains."""
        return self.loss.ci_low > 0

    @property
    def not_needed(self) -> bool:
        """Whether it keeps nine tenths of what it has above guessing, to the far end of the interval."""
        return self.tells and self.loss.ci_high <= (1 - _KEPT) * (self.whole.value - self.guessing)

    @property
    def clause(self) -> str:
        """What was measured and what it means, for a sentence."""
        left = f"reaches {percent(self.blanked.value)} %, with them {percent(self.whole.value)} %"
        return f"retrained with the lungs blanked {self.network} {left}: {self._meaning}"

    @property
    def _meaning(self) -> str:
        if not self.tells:
            return "even with them that is not clearly more than guessing"
        if self.not_needed:
            return "it hardly needs the lungs" if self.loses else "it does not need the lungs"
        if not self.loses:
            return "these are too few images to tell whether it needs the lungs"
        lost = (self.loss.difference, self.loss.ci_low, self.loss.ci_high)
        points, low, high = map(percent, lost)
        return f"without the lungs it loses {points} ({low} to {high}) percentage points"


def without_lungs(
    result: Result, results: Iterable[Result], comparisons: Iterable[Comparison]
) -> WithoutLungs | None:
    """Return what is known of a classifier, or else of another network on the same task."""
    known, compared = list(results), list(comparisons)
    others = (other for other in known if other.is_network and other.task == result.task)
    found = (WithoutLungs.of(one, known, compared) for one in (result, *others))
    return next(filter(None, found), None)


def _is_loss(found: Comparison, result: Result, protocol: str) -> bool:
    """Return whether a comparison is that of the network with and without the lungs."""
    own = (found.task, found.protocol, found.first, found.second_kind, found.second)
    return own == (result.task, protocol, result.name, BLANKED, result.name)


def _guessing(found: ProtocolResult) -> float:
    return float(found.held_out["label"].value_counts(normalize=True).max())
