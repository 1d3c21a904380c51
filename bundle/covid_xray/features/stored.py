"""One network's stored features of the images of a run, read on the workers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from logistic.columns import as_matrix
from logistic.gram_on_workers import gram_on_workers
from logistic.on_workers import RowsOnWorkers, ToBlock
from logistic.rows import Block, Labels, RowsInMemory
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from covid_xray.errors import StageError
from covid_xray.progress import counted

Features = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]

# Of features that a task of a pass reads.
_TASK_BYTES = 32 << 20
# Of features that a query collects.
_QUERY_BYTES = 256 << 20
# Characters of an id that tell images apart: workers get as few as are enough, with every pass.
_KEY_LENGTHS = (16, 32, 64, 128)


@dataclass(frozen=True)
class ImageNumbers:
    """The place of each image among the sorted ids of a run.

    Attributes
    ----------
    keys : ndarray of bytes, shape (n,)
        The beginnings of the ids.
    """

    keys: npt.NDArray[np.bytes_]

    @classmethod
    def of(cls, ids: Sequence[str], stored: Iterable[str]) -> ImageNumbers:
        """Number `ids` with keys that none of the other images stored has."""
        everything = np.array(sorted({*ids, *stored}), dtype=np.bytes_)
        length = next((n for n in _KEY_LENGTHS if _are_unique(everything, n)), everything.dtype.itemsize)
        return cls(np.array(ids, dtype=f"S{length}"))

    def read(self, batch: pa.RecordBatch) -> tuple[Features, Numbers]:
        """Return the features, shape (m, d), and the numbers, shape (m,), of the images that have one."""
        ids = np.array(batch["image_id"].to_pylist(), dtype=self.keys.dtype)
        numbers = np.minimum(np.searchsorted(self.keys, ids), len(self.keys) - 1)
        known = self.keys[numbers] == ids
        features = as_matrix(batch["features"])
        return (features, numbers) if known.all() else (features[known], numbers[known])


@dataclass(frozen=True)
class StoredFeatures:
    """Features of the images of a run.

    Attributes
    ----------
    frame : DataFrame
        Columns `image_id` and `features`, each image once; there may be images of other runs.
    ids : tuple of str
        Sorted.
    width : int
        Features of an image.
    """

    frame: DataFrame
    ids: tuple[str, ...]
    width: int
    _numbers: ImageNumbers

    @classmethod
    def of(cls, rows: DataFrame, ids: Sequence[str]) -> StoredFeatures:
        """Look up which images have features in the table.

        Parameters
        ----------
        rows : DataFrame
            Rows of `features` of one feature key.
        ids : sequence of str
            Sorted.

        Raises
        ------
        StageError
            If an image has no features.
        """
        stored = rows.select("image_id").toArrow()["image_id"].to_pylist()
        if missing := set(ids).difference(stored):
            many = counted(len(missing), "image")
            raise StageError(f"no features of {many}, among them {min(missing)}: run featurize first")
        frame = rows.select("image_id", "features")
        if len(set(stored)) < len(stored):
            # As after a lost task attempt that still committed.
            frame = frame.dropDuplicates(["image_id"])
        width = rows.select((F.length("features") / 4).cast("int")).limit(1).collect()[0][0]
        # Few tasks, since each sends sums of its own to the driver.
        tasks = -(-len(stored) * width * 4 // _TASK_BYTES)
        return cls(frame.coalesce(tasks), tuple(ids), width, ImageNumbers.of(ids, stored))

    def on_workers(self, labels: Labels) -> RowsOnWorkers:
        """Return the features with the labels of `ids`; every pass reads them from the table."""
        return RowsOnWorkers(self.frame, self._to_block(labels))

    def in_memory(self, labels: Labels) -> RowsInMemory:
        """Return the same, collected once: they need `n_bytes` of memory."""
        to_block, blocks = self._to_block(labels), list[Block]()
        count = -(-len(self.ids) * self.width * 4 // _QUERY_BYTES)
        bounds = [len(self.ids) * part // count for part in range(count + 1)]
        for low, high in pairwise(bounds):
            of_part = F.col("image_id").between(self.ids[low], self.ids[high - 1])
            for batch in self.frame.where(of_part).toArrow().to_batches():
                blocks += to_block(batch).parts()
        return RowsInMemory(blocks)

    def gram(self) -> DataFrame:
        """Return the Gram matrix in the order of `ids`, as `logistic.gram_on_workers`."""
        return gram_on_workers(self.frame, self._numbers.read, len(self.ids), self.width)

    @property
    def n_bytes(self) -> int:
        """Memory that the features need."""
        return len(self.ids) * self.width * 4

    def _to_block(self, labels: Labels) -> ToBlock:
        numbers = self._numbers

        def to_block(batch: pa.RecordBatch) -> Block:
            features, places = numbers.read(batch)
            return Block(features, labels[places], places)

        return to_block


def _are_unique(ids: npt.NDArray[np.bytes_], length: int) -> bool:
    return len(np.unique(ids.astype(f"S{length}"))) == len(ids)
