"""What a prediction is worth where the class is as rare as in a clinic, not as common as in a dataset."""

from __future__ import annotations

from collections.abc import Iterator

from covid_xray.evaluation.metrics.defined import ratio
from covid_xray.evaluation.metrics.repeat import Array

# In percent, as in the metrics' names.
PREVALENCES = (1, 5, 20)


def predictive_values(recall: Array | float, specificity: Array | float) -> Iterator[tuple[str, Array]]:
    """Yield positive and negative predictive values at each prevalence, by Bayes' theorem.

    Parameters
    ----------
    recall, specificity : float or ndarray of float64, of the same shape

    Yields
    ------
    tuple of str and ndarray of float64
        `ppv_at_<p>_percent` or `npv_at_<p>_percent`; NaN where nothing, or everything, is called the class.
    """
    for percent in PREVALENCES:
        ill, well = percent / 100, 1 - percent / 100
        rightly, missed = recall * ill, (1 - recall) * ill
        cleared, wrongly = specificity * well, (1 - specificity) * well
        yield f"ppv_at_{percent}_percent", ratio(rightly, rightly + wrongly)
        yield f"npv_at_{percent}_percent", ratio(cleared, cleared + missed)
