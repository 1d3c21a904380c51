"""Gram matrices of features: of one backbone, stored in the table `gram`, and of several backbones fused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Protocol

import numpy as np
import numpy.typing as npt
from logistic.feature_rows import FeatureRows
from logistic.row_space import common_scale, gram

from covid_xray.features.collect import collect_rows
from covid_xray.storage.tables import Replacement, Tables

# A larger Gram matrix is not stored: this one has 98 MB, and a row must fit in one Spark DataFrame. It is not
# computed either, unless there are more features than images.
MOST_IMAGES = 3500

# Value of the column `backbone` for the fusion of all networks.
FUSED = "Fused"


class Kernel(Protocol):
    """A kernel matrix that classifiers are fitted on; it may depend on the training images."""

    @property
    def ids(self) -> tuple[str, ...]:
        """The image of each row."""

    def for_training_rows(self, rows: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.float64], float]:
        """Return the kernel matrix for a model of these training rows, and the features' scale over them."""


@dataclass(frozen=True)
class GramMatrix:
    """Inner products of the feature vectors of all pairs of images.

    Attributes
    ----------
    ids : tuple of str
    columns : int
        Features per image.
    values : ndarray of float64, shape (n, n)
        In the order of `ids`.
    """

    ids: tuple[str, ...]
    columns: int
    values: npt.NDArray[np.float64]

    @classmethod
    def of(cls, ids: Sequence[str], features: FeatureRows) -> GramMatrix:
        """Compute the Gram matrix of feature vectors, whose rows are in the order of `ids`."""
        return cls(tuple(ids), features.shape[1], gram(features))

    def for_training_rows(self, rows: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.float64], float]:
        """Return `values`, and the root of the mean variance of the columns over the training rows."""
        return self.values, common_scale(self.values, rows, self.columns)

    def restricted_to(self, ids: Sequence[str]) -> GramMatrix:
        """Return the submatrix of the images `ids`, in that order."""
        row_of = {image_id: row for row, image_id in enumerate(self.ids)}
        rows = [row_of[image_id] for image_id in ids]
        return GramMatrix(tuple(ids), self.columns, self.values[np.ix_(rows, rows)])


@dataclass(frozen=True)
class FusedKernel:
    """The Gram matrix of concatenated features of several networks: a weighted sum of their Gram matrices.

    Each network's features are divided by a scalar, so that over the training rows every network has the same
    total variance and the columns have a mean variance of 1; otherwise a network with 204,800 columns would
    dominate one with 2,048. Held-out rows do not affect these scalars.

    Attributes
    ----------
    networks : tuple of GramMatrix
        Gram matrices of the same images in the same order.
    """

    networks: tuple[GramMatrix, ...]

    @classmethod
    def of_common_images(cls, networks: Sequence[GramMatrix]) -> FusedKernel:
        """Fuse networks on the images that all of them have."""
        common = sorted(set.intersection(*(set(network.ids) for network in networks)))
        return cls(tuple(network.restricted_to(common) for network in networks))

    @property
    def ids(self) -> tuple[str, ...]:
        """The image of each row."""
        return self.networks[0].ids

    def for_training_rows(self, rows: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.float64], float]:
        """Return the sum of the scaled Gram matrices, and 1, the features' scale over the training rows."""
        columns = sum(network.columns for network in self.networks)
        # A generator, so that only one is in memory: folds are fitted in parallel.
        scaled = (self._scaled(network, rows, columns) for network in self.networks)
        return reduce(np.add, scaled), 1.0

    def _scaled(
        self, network: GramMatrix, rows: npt.NDArray[np.int64], columns: int
    ) -> npt.NDArray[np.float64]:
        variance = common_scale(network.values, rows, network.columns) ** 2 * network.columns
        scaled: npt.NDArray[np.float64] = network.values * (columns / len(self.networks) / variance)
        return scaled


def stored_gram(
    tables: Tables, key: Mapping[str, str], ids: Sequence[str] | None = None
) -> GramMatrix | None:
    """Read the Gram matrix of one feature key from the table `gram`.

    Returns
    -------
    GramMatrix or None
        Of `ids`, or of all stored images if `ids` is None; None if an image of `ids` is missing.
    """
    row = tables.matching("gram", key).first()
    if row is None:
        return None
    stored_ids = tuple(row["image_ids"])
    values = np.frombuffer(row["products"], "<f8").reshape(len(stored_ids), -1)
    stored = GramMatrix(stored_ids, row["length"], values)
    if ids is None:
        return stored
    return stored.restricted_to(ids) if set(ids) <= set(stored_ids) else None


def read_features(
    tables: Tables, key: Mapping[str, str], ids: Sequence[str]
) -> tuple[FeatureRows, GramMatrix]:
    """Read the features of `ids` and their Gram matrix, which is computed unless it is stored.

    Raises
    ------
    StageError
        If an image has no features.
    """
    features = collect_rows(tables.matching("features", key), ids)
    return features, stored_gram(tables, key, ids) or GramMatrix.of(ids, features)


def to_row(key: Mapping[str, str], matrix: GramMatrix) -> dict[str, Replacement]:
    """Return the row of `gram`, which replaces the previous one; nothing if there are too many images."""
    if len(matrix.ids) > MOST_IMAGES:
        return {}
    products = matrix.values.astype("<f8").tobytes()
    row = {**key, "length": matrix.columns, "image_ids": list(matrix.ids), "products": products}
    return {"gram": ([row], {name: [value] for name, value in key.items()})}
