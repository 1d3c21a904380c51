"""95 % intervals: percentiles of resamples of the patients, and Wilson's where no resample could differ.

Efron & Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13; patients are drawn, not images, since
the images of one patient are alike.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from covid_xray.evaluation.metrics.repeat import Array

CONFIDENCE = 0.95
# Numbers in one array of a chunk of resamples: 1 MB stays in a core's cache, and memory does not grow.
_CHUNK = 2**17

Interval = tuple[float, float]


def bootstrap_weights(n_patients: int, resamples: int, seed: int, width: int) -> Iterator[Array]:
    """Draw patients with replacement, and yield how often each was drawn, some resamples at a time.

    Parameters
    ----------
    width : int
        Columns of the widest array that a resample is worked out in.

    Yields
    ------
    ndarray of float64, shape (r, n_patients)
        The r of all chunks add up to `resamples`.
    """
    random = np.random.default_rng(seed)
    rows = max(1, _CHUNK // max(width, n_patients))
    for start in range(0, resamples, rows):
        size = min(rows, resamples - start)
        drawn = random.integers(n_patients, size=(size, n_patients))
        cells = (drawn + np.arange(size)[:, None] * n_patients).ravel()
        yield np.bincount(cells, minlength=size * n_patients).reshape(size, -1).astype(np.float64)


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
