import numpy as np
import pytest
from covid_xray.train import rows
from covid_xray.train.rows import FeatureRows


@pytest.fixture
def matrix():
    return np.arange(5 * 10, dtype=np.float32).reshape(5, 10)


def test_blocks_are_the_columns_of_all_rows_in_order_wherever_the_pieces_came_from(matrix, monkeypatch):
    monkeypatch.setattr(rows, "_BLOCK", 4)
    scattered = FeatureRows((matrix[[3, 0]], matrix[[4, 1, 2]]), (np.array([3, 0]), np.array([4, 1, 2])))
    assert scattered.shape == (5, 10)
    for features in (scattered, FeatureRows.in_order(matrix[:2], matrix[2:])):
        found = list(features.blocks())
        assert [(part.start, part.stop) for part, _ in found] == [(0, 4), (4, 8), (8, 10)]
        np.testing.assert_array_equal(np.hstack([block for _, block in found]), matrix)
        assert all(block.dtype == np.float64 for _, block in found)
