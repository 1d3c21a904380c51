"""95 % intervals: percentiles of resamples, and Wilson's where no resample could differ."""

from __future__ import annotations

import numpy as np

from covid_xray.evaluation.metrics.repeat import Array

CONFIDENCE = 0.95

Interval = tuple[float, float]


def percentiles(replicates: Array) -> Interval:
    """Return the middle 95 % of the replicates that are not NaN, of which there is one at least."""
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(replicates[~np.isnan(replicates)], [tail, 1 - tail])
    return float(low), float(high)


def wilson(hits: int, n: int) -> Interval:
    """Return the score interval of a proportion (Wilson 1927, JASA 22)."""
    from scipy.stats import binomtest

    interval = binomtest(hits, n).proportion_ci(CONFIDENCE, method="wilson")
    return float(interval.low), float(interval.high)
