"""The inner products of a backbone's features, computed once and kept in the table `gram`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from logistic.row_space import common_scale, gram

from covid_xray.features.collect import collect_rows
from covid_xray.storage.tables import Replacement, Tables

# Of more images they are not kept: these are 98 MB, a row that still goes to Spark in one piece.
_KEPT_IMAGES = 3500


class Products(Protocol):
    """What classifiers are made of: inner products that may depend on which images train them."""

    @property
    def ids(self) -> tuple[str, ...]:
        """The images, a row each."""

    def seen_from(self, rows: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.float64], float]:
        """Return the inner products for a model of these training rows, and the columns' scale over them."""


@dataclass(frozen=True)
class InnerProducts:
    """Inner products of all pairs of images.

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

    def seen_from(self, rows: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.float64], float]:
        """Return `values`, and the root of the mean variance of the columns over training rows."""
        return self.values, common_scale(self.values, rows, self.columns)

    def of(self, ids: Sequence[str]) -> InnerProducts:
        """Return those of some of the images, in their order."""
        row_of = {image_id: row for row, image_id in enumerate(self.ids)}
        rows = [row_of[image_id] for image_id in ids]
        return InnerProducts(tuple(ids), self.columns, self.values[np.ix_(rows, rows)])


def stored(tables: Tables, way: Mapping[str, str]) -> InnerProducts | None:
    """Return what the table `gram` has of features computed in one way, if anything."""
    row = tables.matching("gram", way).first()
    if row is None:
        return None
    ids = tuple(row["image_ids"])
    return InnerProducts(ids, row["length"], np.frombuffer(row["products"], "<f8").reshape(len(ids), -1))


def compute(tables: Tables, way: Mapping[str, str], ids: Sequence[str]) -> InnerProducts:
    """Read the features of `ids` and multiply them.

    Raises
    ------
    StageError
        If an image has no features.
    """
    features = collect_rows(tables.matching("features", way), ids)
    return InnerProducts(tuple(ids), features.shape[1], gram(features))


def stored_form(tables: Tables, way: Mapping[str, str], found: InnerProducts) -> dict[str, Replacement]:
    """Return the row of `gram`, which takes the place of that of other images; none for very many images."""
    if len(found.ids) > _KEPT_IMAGES:
        return {}
    products = found.values.astype("<f8").tobytes()
    row = {**way, "length": found.columns, "image_ids": list(found.ids), "products": products}
    return {"gram": ([row], {name: [value] for name, value in way.items()})}
