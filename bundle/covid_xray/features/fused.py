"""All networks together: their features side by side, as one set of inner products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt
from logistic.row_space import common_scale

from covid_xray.features.gram import GramMatrix

FUSED = "Fused"


@dataclass(frozen=True)
class FusedKernel:
    """Networks' features side by side; what is theirs together is a sum of their inner products.

    Each network's features are divided by one number, so that over the training rows every network has the
    same total variance, and all columns together a mean variance of 1: otherwise 204,800 columns would drown
    2,048. What is held out has no part in these numbers.

    Attributes
    ----------
    networks : tuple of GramMatrix
        Of the same images in the same order.
    """

    networks: tuple[GramMatrix, ...]

    @classmethod
    def of_common_images(cls, networks: Sequence[GramMatrix]) -> FusedKernel:
        """Put networks side by side for the images that all of them have."""
        common = sorted(set.intersection(*(set(network.ids) for network in networks)))
        return cls(tuple(network.restricted_to(common) for network in networks))

    @property
    def ids(self) -> tuple[str, ...]:
        """The images, a row each."""
        return self.networks[0].ids

    def for_training_rows(self, rows: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.float64], float]:
        """Return the sum of scaled inner products, and 1: the columns' scale over the training rows."""
        columns = sum(network.columns for network in self.networks)
        # One at a time in memory, since folds are fitted beside each other.
        shares = (self._share(network, rows, columns) for network in self.networks)
        return reduce(np.add, shares), 1.0

    def _share(
        self, network: GramMatrix, rows: npt.NDArray[np.int64], columns: int
    ) -> npt.NDArray[np.float64]:
        variance = common_scale(network.values, rows, network.columns) ** 2 * network.columns
        scaled: npt.NDArray[np.float64] = network.values * (columns / len(self.networks) / variance)
        return scaled
