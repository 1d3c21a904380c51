"""Passes over the rows of a Spark DataFrame, on the workers; nothing here that Spark Connect lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from io import SEEK_CUR, BytesIO
from math import prod

import numpy as np
import pyarrow as pa
from numpy.lib import format as npy
from pyspark import TaskContext
from pyspark.sql import DataFrame

from logistic.rows import Array, Block, Numbers, Sums, added
from logistic.threads import one_thread

ToBlock = Callable[[pa.RecordBatch], Block]

_ARRAYS = "arrays BINARY"
_SUMS = "partition INT, sums BINARY"
# A part of an array: of which, from which row of numbers on, and the shape of the whole.
_KEY = ("place", "start", "shape")
_PARTS = "place INT, start INT, shape STRING, partition INT, sums BINARY"
_ARROW_PARTS = pa.schema(
    [
        *(("place", pa.int32()), ("start", pa.int32()), ("shape", pa.string())),
        *(("partition", pa.int32()), ("sums", pa.binary())),
    ]
)
# Numbers in a part: a worker adds those of all partitions.
_PART_NUMBERS = 2**17


def packed(arrays: Sequence[Numbers]) -> bytes:
    """Return arrays as bytes, for `unpacked`."""
    buffer = BytesIO()
    for array in arrays:
        np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def unpacked(data: bytes) -> list[Numbers]:
    """Return the arrays that `packed` was given, as read-only views of the bytes."""
    buffer, arrays = BytesIO(data), list[Numbers]()
    while buffer.tell() < len(data):
        npy.read_magic(buffer)  # type: ignore[no-untyped-call]
        shape, by_column, dtype = npy.read_array_header_1_0(buffer)  # type: ignore[no-untyped-call]
        numbers = np.frombuffer(data, dtype, prod(shape), buffer.tell())
        arrays.append(numbers.reshape(shape, order="F" if by_column else "C"))
        buffer.seek(numbers.nbytes, SEEK_CUR)
    return arrays


class RowsOnWorkers:
    """Rows of a DataFrame; each pass is one job.

    Parameters
    ----------
    frame : DataFrame
        Of few, large partitions: each sends sums of its own to the driver.
    to_block : callable
        Turns a batch of its rows into a block, on the workers.
    """

    def __init__(self, frame: DataFrame, to_block: ToBlock) -> None:
        self._frame, self._to_block = frame, to_block

    def total(self, of_block: Callable[[Block], Sums], large: bool = False) -> list[Array]:
        """Return the sums over all blocks of the arrays that `of_block` returns for one.

        They are added in the order of the partitions, so that the same files give the same sums.

        Parameters
        ----------
        large : bool
            Whether the sums are so large that workers should add those of the partitions, part by part, and
            the driver gets them once.
        """
        partial = _partial_sums(of_block, self._to_block)
        if not large:
            rows = self._frame.mapInArrow(_as_one_row(partial), _SUMS).toArrow().sort_by("partition")
            return _added(rows["sums"])
        parts = self._frame.mapInArrow(_part_by_part(partial), _PARTS)
        rows = parts.groupBy(*_KEY).applyInArrow(_add_partitions, _PARTS).toArrow()
        return _whole(rows.sort_by([("place", "ascending"), ("start", "ascending")]))

    def each(self, of_block: Callable[[Block], Sequence[Numbers]]) -> list[Sequence[Numbers]]:
        """Return what `of_block` returns for each block."""
        found = self._frame.mapInArrow(_block_by_block(of_block, self._to_block), _ARRAYS).toArrow()
        return [unpacked(arrays.as_py()) for arrays in found["arrays"]]


def _block_by_block(
    of_block: Callable[[Block], Sequence[Numbers]], to_block: ToBlock
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def rows(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        with one_thread():
            for batch in batches:
                for part in to_block(batch).parts():
                    yield pa.RecordBatch.from_pydict({"arrays": [packed(of_block(part))]})

    return rows


def _partial_sums(
    of_block: Callable[[Block], Sums], to_block: ToBlock
) -> Callable[[Iterable[pa.RecordBatch]], list[Array]]:
    def sums(batches: Iterable[pa.RecordBatch]) -> list[Array]:
        totals: list[Array] = []
        with one_thread():
            for batch in batches:
                for part in to_block(batch).parts():
                    totals = added(totals, of_block(part))
        return totals

    return sums


def _as_one_row(
    partial: Callable[[Iterable[pa.RecordBatch]], list[Array]],
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def rows(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        if totals := partial(batches):
            row = {"partition": pa.array([_partition()], pa.int32()), "sums": [packed(totals)]}
            yield pa.RecordBatch.from_pydict(row)

    return rows


def _part_by_part(
    partial: Callable[[Iterable[pa.RecordBatch]], list[Array]],
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def rows(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for place, array in enumerate(partial(batches)):
            numbers = array.reshape(-1, array.shape[-1])
            step = max(1, _PART_NUMBERS // numbers.shape[1])
            shape = " ".join(map(str, array.shape))
            for start in range(0, len(numbers), step):
                row = {"place": place, "start": start, "shape": shape, "partition": _partition()}
                row["sums"] = packed([numbers[start : start + step]])
                yield pa.RecordBatch.from_pylist([row], _ARROW_PARTS)

    return rows


def _add_partitions(rows: pa.Table) -> pa.Table:
    ordered = rows.sort_by("partition")
    row = {name: ordered[name][0].as_py() for name in (*_KEY, "partition")}
    return pa.Table.from_pylist([row | {"sums": packed(_added(ordered["sums"]))}], _ARROW_PARTS)


def _whole(parts: pa.Table) -> list[Array]:
    """Put arrays together from parts in order."""
    places = parts["place"].to_numpy()
    arrays = []
    for place in sorted(set(places.tolist())):
        own = np.flatnonzero(places == place)
        numbers = np.concatenate([unpacked(parts["sums"][int(row)].as_py())[0] for row in own])
        arrays.append(numbers.reshape([int(size) for size in parts["shape"][int(own[0])].as_py().split()]))
    return arrays


def _added(sums: pa.ChunkedArray) -> list[Array]:
    totals: list[Array] = []
    for data in sums:
        totals = added(totals, unpacked(data.as_py()))
    return totals


def _partition() -> int:
    context = TaskContext.get()
    return context.partitionId() if context else 0
