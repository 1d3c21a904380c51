"""Gram matrices of features: of one backbone, stored in the table `gram`, and of several backbones fused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from logistic.row_space import Kernel, common_scale
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from covid_xray.errors import StageError
from covid_xray.features.stored import StoredFeatures
from covid_xray.storage.tables import Tables

# Value of the column `backbone` for the fusion of all networks.
FUSED = "Fused"
# What it is fitted on, as pages say it.
FUSED_SEES = "all networks' features together"


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

    def for_training_rows(self, rows: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.float64], float]:
        """Return `values`, and the root of the mean variance of the columns over the training rows."""
        return self.values, common_scale(self.values, rows, self.columns)

    def restricted_to(self, ids: Sequence[str]) -> GramMatrix:
        """Return the submatrix of the images `ids`, in that order."""
        if self.ids == tuple(ids):
            return self
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

    def for_training_rows(self, rows: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.float64], float]:
        """Return the sum of the scaled Gram matrices, and 1, the features' scale over the training rows."""
        columns = sum(network.columns for network in self.networks)
        total = np.zeros_like(self.networks[0].values)
        for network in self.networks:
            variance = common_scale(network.values, rows, network.columns) ** 2 * network.columns
            total += network.values * (columns / len(self.networks) / variance)
        return total, 1.0


def stored_gram(tables: Tables, key: Mapping[str, str], ids: Sequence[str]) -> DataFrame | None:
    """Return the row of the table `gram` of one feature key, if it has all images `ids`."""
    rows = tables.matching("gram", key)
    of_rows = rows.select("image_ids").collect()
    return rows if any(set(ids) <= set(row["image_ids"]) for row in of_rows) else None


def store_gram(tables: Tables, key: Mapping[str, str], features: StoredFeatures) -> DataFrame:
    """Compute a Gram matrix on the workers, replace the row of `gram` with it, and return the row."""
    about: dict[str, object] = {**key, "length": features.width}
    ids = F.split(F.lit(" ".join(features.ids)), " ")
    row = features.gram().withColumns({name: F.lit(value) for name, value in about.items()})
    where = {name: [value] for name, value in key.items()}
    tables.replace("gram", row.withColumn("image_ids", ids), where)
    return tables.matching("gram", key)


def to_kernel(rows: pa.Table, ids: Sequence[str]) -> Kernel:
    """Return the kernel of the images `ids`: of rows of `gram` of several networks, their fusion.

    A network may have several rows, if two runs computed its matrix at the same time.

    Raises
    ------
    StageError
        If no row of a network has all images.
    """
    # They are added in the same order in every run, in whatever order they come.
    names = list(zip(rows["backbone"].to_pylist(), rows["weights_id"].to_pylist(), strict=True))
    of_name = {name: _with_all(rows, [n == name for n in names], name[0], ids) for name in sorted(set(names))}
    networks = tuple(matrix.restricted_to(ids) for matrix in of_name.values())
    return networks[0] if len(networks) == 1 else FusedKernel(networks)


def _with_all(rows: pa.Table, own: Sequence[bool], backbone: str, ids: Sequence[str]) -> GramMatrix:
    for place in np.flatnonzero(own).tolist():
        matrix = _to_matrix(rows, place)
        if set(ids) <= set(matrix.ids):
            return matrix
    raise StageError(f"the Gram matrix of {backbone} was replaced by another run: run this task again")


def _to_matrix(rows: pa.Table, place: int) -> GramMatrix:
    ids = rows["image_ids"][place].as_py()
    values = np.frombuffer(rows["products"][place].as_buffer(), "<f8").reshape(len(ids), -1)
    return GramMatrix(tuple(ids), rows["length"][place].as_py(), values)
