import numpy as np
import pytest
from logistic import feature_rows
from logistic.feature_rows import FeatureRows


@pytest.fixture
def matrix():
    return np.arange(5 * 10, dtype=np.float32).reshape(5, 10)


def test_blocks_are_the_columns_of_all_rows_in_order_wherever_the_pieces_came_from(matrix, monkeypatch):
    monkeypatch.setattr(feature_rows, "_BLOCK", 4)
    scattered = FeatureRows((matrix[[3, 0]], matrix[[4, 1, 2]]), (np.array([3, 0]), np.array([4, 1, 2])))
    assert scattered.shape == (5, 10)
    for features in (scattered, FeatureRows.in_order(matrix[:2], matrix[2:])):
        found = list(features.blocks())
        assert [(part.start, part.stop) for part, _ in found] == [(0, 4), (4, 8), (8, 10)]
        np.testing.assert_array_equal(np.hstack([block for _, block in found]), matrix)
        assert all(block.dtype == np.float64 for _, block in found)


def test_columns_that_belong_together_are_in_one_block_even_where_it_grows_by_that(matrix, monkeypatch):
    def cuts(block, whole):
        monkeypatch.setattr(feature_rows, "_BLOCK", block)
        return [(part.start, part.stop) for part, _ in FeatureRows.in_order(matrix).blocks(whole)]

    assert cuts(9, whole=2) == [(0, 8), (8, 10)]
    assert cuts(3, whole=5) == [(0, 5), (5, 10)]
