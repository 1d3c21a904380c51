"""Distance of an image's features from those of the training images.

The distance is the root mean square, over the columns, of the differences from the training images' mean, in
units of their common scale: over the training images the mean of its square is 1 (up to 1 / n).

As an out-of-distribution test it is weak, since it is a single number per image: an image far from all others
in feature space (noise, a photograph, an inverted film) is detected; an X-ray from another hospital, or of
another disease, mostly is not. The limits are the smallest and largest distance of the training images, so
one unusual training image widens them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

# Relative difference of an image's features between machines and batch sizes.
_TOLERANCE = 1e-3


@dataclass(frozen=True)
class FeatureSpread:
    """The range of the training images' distances.

    Attributes
    ----------
    scale : float
        Root of the mean variance of the columns.
    low, high : float
        The smallest and the largest distance.
    """

    scale: float
    low: float
    high: float

    def is_outside(self, distance: float) -> bool:
        """Return whether a distance is outside the range of the training images."""
        return not self.low * (1 - _TOLERANCE) <= distance <= self.high * (1 + _TOLERANCE)


def training_spread(squared: Array, columns: int) -> FeatureSpread:
    """Return the spread of training images.

    Parameters
    ----------
    squared : ndarray of float64, shape (m,)
        The sum of each image's squared differences from the mean of all.
    columns : int
        Features per image.
    """
    scale = float(np.sqrt(squared.sum() / ((len(squared) - 1) * columns)))
    distances = np.sqrt(squared / columns) / scale
    return FeatureSpread(scale, float(distances.min()), float(distances.max()))


def distances_from(mean: Array, scale: float, features: npt.NDArray[Any]) -> Array:
    """Return the distance of each row of features, shape (m, d), from their mean, shape (d,)."""
    distances: Array = np.sqrt(((features - mean) ** 2).mean(axis=1)) / scale
    return distances
