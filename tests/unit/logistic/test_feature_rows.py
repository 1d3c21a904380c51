import numpy as np
import pytest
from logistic import feature_rows
from logistic.feature_rows import FeatureRows


@pytest.fixture
def matrix():
    return np.arange(5 * 10, dtype=np.float32).reshape(5, 10)


def test_blocks_hold_the_columns_of_all_rows_in_order_however_the_rows_are_chunked(matrix, monkeypatch):
    monkeypatch.setattr(feature_rows, "_BLOCK", 4)
    scattered = FeatureRows((matrix[[3, 0]], matrix[[4, 1, 2]]), (np.array([3, 0]), np.array([4, 1, 2])))
    assert scattered.shape == (5, 10)
    for features in (scattered, FeatureRows.in_order(matrix[:2], matrix[2:])):
        found = list(features.blocks())
        assert [(part.start, part.stop) for part, _ in found] == [(0, 4), (4, 8), (8, 10)]
        np.testing.assert_array_equal(np.hstack([block for _, block in found]), matrix)
        assert all(block.dtype == np.float64 for _, block in found)


def test_the_width_of_a_block_is_a_multiple_of_the_given_number_of_columns(matrix, monkeypatch):
    def cuts(block, multiple_of):
        monkeypatch.setattr(feature_rows, "_BLOCK", block)
        return [(part.start, part.stop) for part, _ in FeatureRows.in_order(matrix).blocks(multiple_of)]

    assert cuts(9, multiple_of=2) == [(0, 8), (8, 10)]
    assert cuts(3, multiple_of=5) == [(0, 5), (5, 10)]
