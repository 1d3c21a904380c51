"""Passes, Gram matrices and fits on workers give what the same functions give in memory."""

import numpy as np
import pyarrow as pa
import pytest
from logistic import LogisticError, gram_on_workers
from logistic.block_sums import combinations, moments
from logistic.columns import as_matrix
from logistic.feature_rows import FeatureRows
from logistic.on_workers import RowsOnWorkers, packed, unpacked
from logistic.row_space import common_scale, fit_rows, gram, probabilities
from logistic.row_space_on_workers import fit_on_workers
from logistic.rows import Block, Fit, Labels, RowsInMemory

ROWS, COLUMNS = 30, 10
FITS = [Fit(0, 0, 0), Fit(0, 0, 1), Fit(1, 0, 1), Fit(1)]


@pytest.fixture(scope="module")
def features():
    return (np.random.default_rng(1).standard_normal((ROWS, COLUMNS)) * 2 + 30).astype(np.float32)


@pytest.fixture(scope="module")
def labels(features):
    codes = features[:, :3].argmax(axis=1)
    return Labels(np.stack([np.where(codes < 2, codes, -1), codes], axis=1), np.arange(ROWS)[:, None] % 2)


@pytest.fixture(scope="module")
def frame(spark, features):
    values = [(number, features[number].tobytes()) for number in np.random.default_rng(2).permutation(ROWS)]
    values = [(int(number), packed) for number, packed in values]
    return spark.createDataFrame(values, "number INT, features BINARY").repartition(3)


def to_rows(batch):
    return as_matrix(batch["features"]), batch["number"].to_numpy().astype(np.int64)


@pytest.fixture(scope="module")
def on_workers(frame, labels):
    def to_block(batch):
        matrix, numbers = to_rows(batch)
        return Block(matrix, labels[numbers], numbers)

    return RowsOnWorkers(frame, to_block)


@pytest.fixture(scope="module")
def in_memory(features, labels):
    return RowsInMemory([Block(features, labels, np.arange(ROWS))])


def test_packed_arrays_come_back_with_their_shapes_and_types():
    arrays = [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6).reshape(3, 2)),
        np.zeros((0, 4), np.float32),
        np.array([7], np.int32),
    ]
    for found, expected in zip(unpacked(packed(arrays)), arrays, strict=True):
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == expected.dtype and found.shape == expected.shape


@pytest.mark.parametrize("large", [False, True])
def test_sums_over_all_rows_are_those_in_memory(on_workers, in_memory, large, monkeypatch):
    monkeypatch.setattr("logistic.on_workers._PART_NUMBERS", 2 * COLUMNS)
    weights = np.random.default_rng(3).standard_normal((ROWS, 4))
    for of_block in (moments(FITS, 3), combinations(weights)):
        found, expected = (rows.total(of_block, large=large) for rows in (on_workers, in_memory))
        assert len(found) == len(expected)
        for own, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(own, other, rtol=1e-12)


@pytest.mark.parametrize("large", [False, True])
def test_the_same_rows_have_the_same_sums_to_the_last_bit(on_workers, large):
    one, other = (on_workers.total(moments(FITS, 3), large=large) for _ in range(2))
    for own, again in zip(one, other, strict=True):
        np.testing.assert_array_equal(own, again)


def test_what_each_block_gives_comes_back(on_workers, features):
    found = on_workers.each(lambda block: (block.numbers, block.features.sum(axis=1)))
    numbers, sums = (np.concatenate(one) for one in zip(*found, strict=True))
    np.testing.assert_array_equal(np.sort(numbers), np.arange(ROWS))
    np.testing.assert_allclose(sums, features[numbers].sum(axis=1))


@pytest.fixture
def products(frame, monkeypatch):
    """The Gram matrix, computed three columns at a time in as many tasks as there can be."""
    monkeypatch.setattr(gram_on_workers, "_COLUMNS", 3)
    monkeypatch.setattr(gram_on_workers, "_TASK_BYTES", 1)

    def compute(frame=frame):
        row = gram_on_workers.gram_on_workers(frame, to_rows, ROWS, COLUMNS).collect()
        return np.frombuffer(row[0]["products"], "<f8").reshape(ROWS, ROWS)

    return compute


def test_the_gram_matrix_is_that_of_centred_rows_and_the_same_to_the_last_bit(products, features):
    centred = features.astype(float) - features.mean(axis=0, dtype=float)
    found = products()
    np.testing.assert_allclose(found, centred @ centred.T, atol=1e-12 * abs(found).max())
    np.testing.assert_array_equal(products(), found)


def test_a_row_that_is_missing_is_an_error(products, frame):
    with pytest.raises(Exception, match="1 of 30 rows have no features"):
        products(frame.where("number != 7"))


class Inner:
    def __init__(self, values, columns):
        self.values, self.columns = values, columns

    def for_training_rows(self, rows):
        return self.values, common_scale(self.values, rows, self.columns)


@pytest.fixture
def fit(spark, features, labels):
    inner = gram(FeatureRows.in_order(features))
    matrices = spark.createDataFrame([(inner.tobytes(),)], "products BINARY")

    def to_kernel(rows):
        values = np.frombuffer(rows["products"][0].as_buffer()).reshape(ROWS, ROWS)
        return Inner(values, COLUMNS)

    def of_fit(fit, fitted, matrix):
        return (probabilities(fitted, matrix, np.arange(ROWS)),)

    def run(fits=FITS, labels=labels):
        return fit_on_workers(matrices, to_kernel, labels, fits, (2, 3), 0.05, of_fit)

    return run


def test_fits_come_in_order_whatever_the_groups(fit, features, labels, monkeypatch):
    monkeypatch.setattr("logistic.row_space_on_workers._GROUP_ROWS", 30)
    inner = gram(FeatureRows.in_order(features))
    for one, (found,) in zip(FITS, fit(), strict=True):
        rows = np.flatnonzero(one.training(labels))
        codes = labels.codes[rows, one.task].astype(np.int64)
        penalty = 0.05 * common_scale(inner, rows, COLUMNS) ** 2
        expected = probabilities(
            fit_rows(inner, rows, codes, (2, 3)[one.task], penalty), inner, np.arange(ROWS)
        )
        np.testing.assert_allclose(found, expected, atol=1e-9)


def test_a_fit_without_a_class_is_refused_by_name(fit, labels):
    only_held_out = labels.codes.copy()
    only_held_out[(only_held_out[:, 1] == 2) & (labels.folds[:, 0] == 0), 1] = 1
    with pytest.raises(LogisticError, match="task 1, fold 1 of split 0: class 2 has no training rows"):
        fit(labels=Labels(only_held_out, labels.folds))


def test_a_fit_that_fails_on_a_worker_is_named(spark, labels):
    matrices = spark.createDataFrame([(1,)], "nothing INT")
    endless = np.full((ROWS, ROWS), np.inf)
    with pytest.raises(Exception, match="task 1: the second derivatives are not positive"):
        fit_on_workers(
            matrices, lambda rows: Inner(endless, 1), labels, [Fit(1)], (2, 3), 0.05, lambda *_: ()
        )


def test_batches_are_cut_where_columns_change():
    starts = pa.array([0, 0, 3, 3, 3, 6], pa.int32())
    batch = pa.RecordBatch.from_arrays([starts, pa.array(range(6))], ["start", "row"])
    found = [(start, part["row"].to_pylist()) for start, part in gram_on_workers._by_start([batch])]
    assert found == [(0, [0, 1]), (3, [2, 3, 4]), (6, [5])]
