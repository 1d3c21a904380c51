"""Resamples of the patients: what an interval would be without them is too narrow.

Efron & Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13; patients are drawn, not images, since
the images of one patient are alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from covid_xray.evaluation.metrics.defined import mean_defined
from covid_xray.evaluation.metrics.repeat import Array, Key, Repeat
from covid_xray.evaluation.metrics.weighted import WeightedFigures

# Numbers in one array of a chunk of resamples: 1 MB stays in a core's cache, and memory does not grow.
_CHUNK = 2**17


def draws(n_patients: int, resamples: int, seed: int, width: int) -> Iterator[Array]:
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


def bootstrap(repeats: Sequence[Repeat], resamples: int, seed: int) -> dict[Key, Array]:
    """Return every figure's replicates, each of shape (resamples,): the mean over repeats of one resample.

    A replicate leaves out the repeats in which the figure is undefined, and is NaN where it is in all.
    """
    n_patients = max(int(repeat.patient.max()) for repeat in repeats) + 1
    weighted = [WeightedFigures.of(repeat, n_patients) for repeat in repeats]
    width = max(len(repeat.label) for repeat in repeats)
    chunks: list[dict[Key, Array]] = []
    for counts in draws(n_patients, resamples, seed, width):
        each = [dict(figures.values(counts)) for figures in weighted]
        chunks.append({key: mean_defined([values[key] for values in each]) for key in each[0]})
    return {key: np.concatenate([chunk[key] for chunk in chunks]) for key in chunks[0]}
