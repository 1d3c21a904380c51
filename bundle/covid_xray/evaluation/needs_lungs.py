"""Whether classifiers need the lungs: what they reach where these are hidden and everything is retrained."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from covid_xray.evaluation.results_model import Comparison, ProtocolResult, Result, Value
from covid_xray.evaluation.wording import percent

# The occlusion that leaves nothing of the lungs.
BLANKED = "lungs_blanked"
# A classifier that keeps this share of what it has above guessing does not need what was hidden.
_KEPT = 0.9
# In words, where the loss may be chance, and where it is small but clear.
_NOT_NEEDED = {False: "does not need the lungs", True: "hardly needs the lungs"}


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
    loses : bool
        Whether the network is better than without the lungs by more than chance explains.
    """

    network: str
    whole: Value
    blanked: Value
    guessing: float
    loses: bool = False

    @classmethod
    def of(
        cls, result: Result, results: Iterable[Result], comparisons: Iterable[Comparison]
    ) -> WithoutLungs | None:
        """Return it for a network's result, from those of its run; None without the occlusion."""
        protocol = result.headline_protocol
        for other in results:
            same = (other.kind, other.name, other.task) == (BLANKED, result.name, result.task)
            if same and protocol in other.by_protocol and result.headline:
                blanked = other.by_protocol[protocol].overall["accuracy"]
                whole = result.headline.overall["accuracy"]
                loses = any(_is_loss(found, result, protocol) for found in comparisons)
                return cls(result.name, whole, blanked, _guessing(result.headline), loses)
        return None

    @property
    def needed(self) -> bool:
        """Whether the lungs are needed, or nothing is known as the network hardly does more than guess.

        They are not where the network is better than guessing by more than chance explains, and nine tenths
        of what it has above guessing are left without them.
        """
        if self.whole.ci_low is None or self.whole.ci_low <= self.guessing:
            return True
        return self.blanked.value - self.guessing < _KEPT * (self.whole.value - self.guessing)

    @property
    def clause(self) -> str:
        """What was measured and what it means, for a sentence."""
        left = f"reaches {percent(self.blanked.value)} %, with them {percent(self.whole.value)} %"
        means = "needs the lungs" if self.needed else _NOT_NEEDED[self.loses]
        return f"retrained with the lungs blanked {self.network} {left}: it {means}"


def without_lungs(
    result: Result, results: Iterable[Result], comparisons: Iterable[Comparison]
) -> WithoutLungs | None:
    """Return what is known of a classifier, or else of another network on the same task."""
    known, compared = list(results), list(comparisons)
    others = (other for other in known if other.is_network and other.task == result.task)
    found = (WithoutLungs.of(one, known, compared) for one in (result, *others))
    return next(filter(None, found), None)


def _is_loss(found: Comparison, result: Result, protocol: str) -> bool:
    """Return whether a comparison is that of the network with and without the lungs, and shows a loss."""
    own = (found.task, found.protocol, found.first, found.second_kind, found.second)
    return own == (result.task, protocol, result.name, BLANKED, result.name) and found.ci_low > 0


def _guessing(found: ProtocolResult) -> float:
    return float(found.held_out["label"].value_counts(normalize=True).max())
