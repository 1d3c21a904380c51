"""The margin of a classifier over the best of those that see too little to judge a lung."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from covid_xray.evaluation.baselines import sees
from covid_xray.evaluation.results_model import (
    Comparison,
    Result,
    Value,
    baselines,
    baselines_elsewhere,
    comparison_with_baseline,
)


@dataclass(frozen=True)
class Margin:
    """How a classifier's accuracy compares with that of the best baseline.

    Attributes
    ----------
    baseline, sees : str
        Its name, and what it sees.
    accuracy : float
        Of the baseline.
    difference, ci_low : float
        The classifier's accuracy minus the baseline's, and the lower end of its 95 % interval.
    """

    baseline: str
    sees: str
    accuracy: float
    difference: float
    ci_low: float

    @classmethod
    def of(
        cls, result: Result, results: Iterable[Result], comparisons: Iterable[Comparison]
    ) -> Margin | None:
        """Return the margin of a classifier, from the results and comparisons of its run; None without."""
        protocol = result.headline_protocol
        compared = comparison_with_baseline(comparisons, result, protocol)
        if compared is None:
            return None
        for baseline in baselines(results, result.task):
            if baseline.name == compared.second and protocol in baseline.by_protocol:
                accuracy = baseline.by_protocol[protocol].overall["accuracy"].value
                return cls(baseline.name, sees(baseline.name), accuracy, compared.difference, compared.ci_low)
        return None

    @property
    def beaten(self) -> bool:
        """Whether the classifier is better by more than chance explains."""
        return self.ci_low > 0


@dataclass(frozen=True)
class BestElsewhere:
    """The baseline with the greatest AUROC on the images from elsewhere that a network was tried on.

    Attributes
    ----------
    name, sees : str
        Its name, and what it sees.
    auroc : Value
        Of the positive class.
    """

    name: str
    sees: str
    auroc: Value

    @classmethod
    def of(cls, result: Result, results: Iterable[Result]) -> BestElsewhere | None:
        """Return it for a network's result, from those of its run; None if no baseline was tried there."""
        found = [
            cls(baseline.name, sees(baseline.name), there["auroc"])
            for baseline in baselines_elsewhere([result], results)
            if baseline.external
            and "auroc" in (there := baseline.external.per_class.get(result.classes[0], {}))
        ]
        return max(found, key=lambda one: one.auroc.value, default=None)
