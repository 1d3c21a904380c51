"""The Gram matrix of a backbone's features, computed once and kept in the table `gram`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from logistic.feature_rows import FeatureRows
from logistic.row_space import common_scale, gram

from covid_xray.features.collect import collect_rows
from covid_xray.storage.tables import Replacement, Tables

# Of more images it is not kept: this many make 98 MB, a row that still goes to Spark in one piece.
_KEPT_IMAGES = 3500


class Kernel(Protocol):
    """What classifiers are fitted on: inner products that may depend on which images train them."""

    @property
    def ids(self) -> tuple[str, ...]:
        """The images, a row each."""

    def for_training_rows(self, rows: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.float64], float]:
        """Return the inner products for a model of these training rows, and the columns' scale over them."""


@dataclass(frozen=True)
class GramMatrix:
    """Inner products of the features of all pairs of images.

    Attributes
    ----------
    ids : tuple of str
    columns : int
        Features of an image.
    values : ndarray of float64, shape (n, n)
        In the order of `ids`.
    """

    ids: tuple[str, ...]
    columns: int
    values: npt.NDArray[np.float64]

    @classmethod
    def of(cls, ids: Sequence[str], features: FeatureRows) -> GramMatrix:
        """Multiply the features of images, a row each in the order of `ids`."""
        return cls(tuple(ids), features.shape[1], gram(features))

    def for_training_rows(self, rows: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.float64], float]:
        """Return `values`, and the root of the mean variance of the columns over training rows."""
        return self.values, common_scale(self.values, rows, self.columns)

    def restricted_to(self, ids: Sequence[str]) -> GramMatrix:
        """Return the part for some of the images, in their order."""
        row_of = {image_id: row for row, image_id in enumerate(self.ids)}
        rows = [row_of[image_id] for image_id in ids]
        return GramMatrix(tuple(ids), self.columns, self.values[np.ix_(rows, rows)])


def stored_gram(
    tables: Tables, key: Mapping[str, str], ids: Sequence[str] | None = None
) -> GramMatrix | None:
    """Read what the table `gram` has for one feature key.

    Returns
    -------
    GramMatrix or None
        For `ids`, or for all images that it has if these are not given; None unless it has all of `ids`.
    """
    row = tables.matching("gram", key).first()
    if row is None:
        return None
    there = tuple(row["image_ids"])
    found = GramMatrix(there, row["length"], np.frombuffer(row["products"], "<f8").reshape(len(there), -1))
    if ids is None:
        return found
    return found.restricted_to(ids) if set(ids) <= set(there) else None


def compute_gram(tables: Tables, key: Mapping[str, str], ids: Sequence[str]) -> GramMatrix:
    """Read the features of `ids` and multiply them.

    Raises
    ------
    StageError
        If an image has no features.
    """
    return GramMatrix.of(ids, collect_rows(tables.matching("features", key), ids))


def to_row(key: Mapping[str, str], matrix: GramMatrix) -> dict[str, Replacement]:
    """Return the row of `gram`, which takes the place of that of other images; none for very many images."""
    if len(matrix.ids) > _KEPT_IMAGES:
        return {}
    products = matrix.values.astype("<f8").tobytes()
    row = {**key, "length": matrix.columns, "image_ids": list(matrix.ids), "products": products}
    return {"gram": ([row], {name: [value] for name, value in key.items()})}
