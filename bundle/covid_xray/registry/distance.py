"""How far an image's features are from those of the training images.

The distance is the root mean square, over the columns, of the differences to the training images' mean, in
units of their common scale: over the training images the mean of its square is 1 (up to 1 / n).

What it can tell is little. It sees one number for each image: a picture that is far from all others in the
space of features (noise, a photograph, an inverted film) stands out; an X-ray from another hospital, or of
another disease, mostly does not. The range is that of the training images themselves, of which the farthest
set the limits, so one odd picture in training widens it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from logistic.row_space import common_scale
from pyspark.sql import Column
from pyspark.sql.functions import arrow_udf  # type: ignore[attr-defined]
from pyspark.sql.types import DoubleType

Array = npt.NDArray[np.float64]

# The features of one image differ by so much, relatively, between machines and batches.
_ROUNDING = 1e-3


@dataclass(frozen=True)
class FeatureSpread:
    """The distances of the training images.

    Attributes
    ----------
    scale : float
        Root of the mean variance of the columns.
    low, high : float
        The least and the greatest distance.
    """

    scale: float
    low: float
    high: float

    def is_outside(self, distance: float) -> bool:
        """Tell whether no training image is so near to the mean, or none so far from it."""
        return not self.low * (1 - _ROUNDING) <= distance <= self.high * (1 + _ROUNDING)


def training_spread(inner: Array, rows: npt.NDArray[np.int64], columns: int) -> FeatureSpread:
    """Return the spread of some images from their inner products alone.

    Parameters
    ----------
    inner : ndarray of float64, shape (n, n)
        Gram matrix of the features as they are.
    rows : ndarray of int64
        The training images.
    columns : int
        Features of an image.
    """
    own = inner[np.ix_(rows, rows)]
    squared = np.diag(own) - 2 * own.mean(axis=0) + own.mean()
    scale = common_scale(inner, rows, columns)
    distances = np.sqrt(np.maximum(squared, 0) / columns) / scale
    return FeatureSpread(scale, float(distances.min()), float(distances.max()))


def distance_from(mean: Array, scale: float, features: Column) -> Column:
    """Return each row's distance; null stays null.

    Parameters
    ----------
    mean : ndarray of float64, shape (d,)
        Of the training images.
    features : Column
        Arrays of d numbers.
    """

    @arrow_udf(DoubleType())  # type: ignore[untyped-decorator]
    def measure(batch: pa.Array) -> pa.Array:
        found, there = np.zeros(len(batch)), ~np.asarray(batch.is_null())
        if there.any():
            rows = batch.drop_null().flatten().to_numpy(zero_copy_only=False).reshape(-1, len(mean))
            found[there] = np.sqrt(((rows - mean) ** 2).mean(axis=1)) / scale
        return pa.array(found, mask=~there)

    column: Column = measure(features)
    return column
