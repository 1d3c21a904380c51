"""The final classifier of a model, fitted on all images of a task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from logistic.classes import class_probabilities

from covid_xray.registry.distance import FeatureSpread, distances_from

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Classifier:
    """A fitted classifier for unscaled features, and the spread of its training images.

    Attributes
    ----------
    coefficients : ndarray of float64, shape (k, d)
        As of `logistic.classes.LinearModel`.
    intercepts : ndarray of float64, shape (k,)
    mean : ndarray of float64, shape (d,)
        Mean of the training images' features.
    spread : FeatureSpread
    """

    coefficients: Array
    intercepts: Array
    mean: Array
    spread: FeatureSpread

    def probabilities(self, features: npt.NDArray[Any]) -> Array:
        """Return the probability of each class, shape (m, n), for features of shape (m, d)."""
        return class_probabilities(features @ self.coefficients.T + self.intercepts)

    def distances(self, features: npt.NDArray[Any]) -> Array:
        """Return the distance of each row of features, shape (m, d), from the training images."""
        return distances_from(self.mean, self.spread.scale, features)
