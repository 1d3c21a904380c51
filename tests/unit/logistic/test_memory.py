"""Memory follows the formulas of docs/fits.md: they bound what is allocated, and not by much."""

import tracemalloc

import numpy as np
import pyarrow as pa
import pytest
from logistic import gram_on_workers
from logistic.batched import fit_many
from logistic.row_space import fit_rows
from logistic.rows import Block, Fit, Labels, RowsInMemory

# Objects that are not arrays, and arrays of n numbers.
SMALL = 2 << 20
# A block of rows with its margins and squares, and the steps that two fits remember.
BLOCK = 8 << 20


@pytest.fixture
def peak():
    def of(call):
        tracemalloc.start()
        try:
            call()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    return of


def check(measured, formula):
    # Two threads do not always reach their peaks together.
    assert formula / 4 < measured < formula + SMALL


@pytest.mark.parametrize("rows", [300, 600, 900])
@pytest.mark.parametrize("classes", [2, 3])
def test_a_fit_in_the_row_space_takes_four_matrices_of_its_rows(peak, rows, classes):
    random = np.random.default_rng(1)
    wide = random.standard_normal((rows, 2 * rows))
    inner, codes = wide @ wide.T, np.arange(rows) % classes
    check(peak(lambda: fit_rows(inner, np.arange(rows), codes, classes, 1.0)), 4 * 8 * rows**2)


@pytest.mark.parametrize("rows", [300, 600, 900])
def test_a_gram_matrix_takes_two_matrices_and_a_slice_of_the_columns_of_all_rows(peak, rows, monkeypatch):
    monkeypatch.setattr(gram_on_workers, "_COLUMNS", 1024)
    slices = np.random.default_rng(1).standard_normal((2, rows, 1024)).astype(np.float32)

    def batches():
        for start, values in enumerate(slices):
            for low in range(0, rows, 50):
                part = values[low : low + 50]
                columns = {
                    "start": pa.array(np.full(len(part), start), pa.int32()),
                    "row": pa.array(np.arange(low, low + len(part)), pa.int32()),
                    "slice": [row.tobytes() for row in part],
                }
                yield pa.RecordBatch.from_pydict(columns)

    measured = peak(lambda: list(gram_on_workers._products(rows)(batches())))
    check(measured, 2 * 8 * rows**2 + 12 * 1024 * rows)


@pytest.mark.parametrize("columns", [300, 450, 600])
def test_fits_all_at_once_take_fifteen_matrices_of_their_columns_however_many_the_rows(peak, columns):
    def measured(rows):
        random = np.random.default_rng(1)
        matrix = random.standard_normal((rows, columns)).astype(np.float32)
        codes = matrix[:, :3].argmax(axis=1)
        labels = Labels(np.stack([np.where(codes < 2, codes, -1), codes], axis=1), np.zeros((rows, 1), int))
        blocks = Block(matrix, labels, np.arange(rows)).parts(rows=256)
        in_memory = RowsInMemory(blocks, threads=2)
        return peak(lambda: fit_many(in_memory, [Fit(0), Fit(1)], [2, 3], 0.05))

    for rows in (2000, 4000):
        check(measured(rows), 15 * 8 * columns**2 + 2 * BLOCK)
