"""Calibration: how often images are of a class that a classifier gives it a certain probability for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from covid_xray.evaluation.metrics.bootstrap import wilson

BINS = 10


@dataclass(frozen=True)
class CalibrationBin:
    """The images whose probability lies between two limits.

    Attributes
    ----------
    low, high : float
        The limits: `low` belongs to the bin, `high` only to the last one.
    images : int
    mean_probability, observed : float or None
        The mean of the probabilities, and the share of the images that are of the class; None without images.
    ci_low, ci_high : float or None
        95 % interval of `observed` (Wilson), which counts each image as independent.
    """

    low: float
    high: float
    images: int
    mean_probability: float | None = None
    observed: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None


def calibration(probability: npt.ArrayLike, positive: npt.ArrayLike) -> list[CalibrationBin]:
    """Return ten equal bins of the probability, from 0 to 1.

    Parameters
    ----------
    probability : array-like of float, shape (n,)
        Of the class, between 0 and 1.
    positive : array-like of bool, shape (n,)
        Whether the image is of the class.
    """
    probabilities, labels = np.asarray(probability, np.float64), np.asarray(positive, bool)
    places = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    return [_bin(place, probabilities[places == place], labels[places == place]) for place in range(BINS)]


def _bin(place: int, probabilities: npt.NDArray[np.float64], labels: npt.NDArray[np.bool_]) -> CalibrationBin:
    low, high, images = place / BINS, (place + 1) / BINS, len(labels)
    if not images:
        return CalibrationBin(low, high, images)
    hits = int(labels.sum())
    mean = float(probabilities.mean())
    return CalibrationBin(low, high, images, mean, hits / images, *wilson(hits, images))
