"""The Gram matrix of the rows of a Spark DataFrame, computed on the workers, some columns at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby, pairwise
from operator import itemgetter

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame

from logistic.columns import as_matrix
from logistic.errors import LogisticError
from logistic.threads import one_thread

Array = npt.NDArray[np.float64]
# Turns a batch into features, shape (m, d), and for each of them its row in the matrix, shape (m,).
ToRows = Callable[[pa.RecordBatch], tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]]

# Columns that a worker holds of all rows at a time, as float64: 98 MB of 3,000 rows.
_COLUMNS = 4096
# Tasks that multiply: each sends a matrix of n x n to the one that adds them.
_MOST_TASKS = 8
# Bytes of features below which another task would not pay.
_TASK_BYTES = 32 << 20

_SLICES = "start INT, row INT, slice BINARY"
_PRODUCTS = "start INT, products BINARY"


def gram_on_workers(frame: DataFrame, to_rows: ToRows, rows: int, width: int) -> DataFrame:
    """Return the inner products of all pairs of rows minus their mean, lazily.

    Parameters
    ----------
    frame : DataFrame
        Each of the rows once.
    to_rows : callable
    rows, width : int
        n and d.

    Returns
    -------
    DataFrame
        One row; column `products` (binary): float64, little-endian, shape (n, n). Computing it raises
        LogisticError if a row is missing.
    """
    groups, paying = -(-width // _COLUMNS), -(-rows * width * 4 // _TASK_BYTES)
    tasks = min(groups, paying, _MOST_TASKS)
    slices = frame.mapInArrow(_slices(to_rows), _SLICES)
    partial = slices.repartition(tasks, "start").sortWithinPartitions("start")
    products = partial.mapInArrow(_products(rows), _PRODUCTS)
    if tasks > 1:
        # Sorted, so that the order of additions, and with it the last bit, is the same in every run.
        products = products.repartition(1).sortWithinPartitions("start").mapInArrow(_sum(rows), _PRODUCTS)
    return products.select("products")


def _slices(to_rows: ToRows) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def slices(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            matrix, rows = to_rows(batch)
            numbers = pa.array(rows, pa.int32())
            for start in range(0, matrix.shape[1] if len(rows) else 0, _COLUMNS):
                part = np.ascontiguousarray(matrix[:, start : start + _COLUMNS])
                starts = pa.array(np.full(len(rows), start), pa.int32())
                yield pa.RecordBatch.from_pydict({"start": starts, "row": numbers, "slice": _binary(part)})

    return slices


def _products(rows: int) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def products(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        total, first = np.zeros((rows, rows)), None
        with one_thread():
            for start, parts in groupby(_by_start(batches), key=itemgetter(0)):
                first = start if first is None else first
                block = _gather(rows, parts)
                block -= block.mean(axis=0)
                total += block @ block.T
        if first is not None:
            yield _row(first, total)

    return products


def _by_start(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Cut batches, sorted by `start`, into batches of one each."""
    for batch in batches:
        starts = batch["start"].to_numpy()
        bounds = [0, *(np.flatnonzero(np.diff(starts)) + 1), len(starts)]
        for low, high in pairwise(bounds):
            if high > low:
                yield int(starts[low]), batch.slice(low, high - low)


def _gather(rows: int, parts: Iterator[tuple[int, pa.RecordBatch]]) -> Array:
    block, filled = np.empty((0, 0)), np.zeros(rows, bool)
    for _, part in parts:
        values, numbers = as_matrix(part["slice"]), part["row"].to_numpy()
        if not filled.any():
            block = np.empty((rows, values.shape[1]))
        block[numbers], filled[numbers] = values, True
    if not filled.all():
        raise LogisticError(f"{int((~filled).sum())} of {rows} rows have no features")
    return block


def _sum(rows: int) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def add(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        total = np.zeros((rows, rows))
        for batch in batches:
            for products in batch["products"]:
                total += np.frombuffer(products.as_buffer(), "<f8").reshape(rows, rows)
        yield _row(0, total)

    return add


def _row(start: int, products: Array) -> pa.RecordBatch:
    row = {
        "start": pa.array([start], pa.int32()),
        "products": _binary(products.astype("<f8", copy=False).reshape(1, -1)),
    }
    return pa.RecordBatch.from_pydict(row)


def _binary(matrix: npt.NDArray[np.float32] | Array) -> pa.BinaryArray:
    """Return the rows of a contiguous matrix as binary values, without a copy of them."""
    length = matrix.shape[1] * matrix.itemsize
    offsets = pa.py_buffer(np.arange(0, (len(matrix) + 1) * length, length, dtype=np.int32))
    return pa.Array.from_buffers(pa.binary(), len(matrix), [None, offsets, pa.py_buffer(matrix)])
