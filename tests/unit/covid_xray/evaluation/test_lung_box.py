import numpy as np
import pytest
from covid_xray.evaluation.lung_box import LUNG_BOX, Box, box_area, box_shares, box_weights, lung_box

HALF = Box(left=0.25, top=0.0, right=1.0, bottom=0.5)


def test_a_cell_weighs_as_much_of_it_as_the_box_covers():
    np.testing.assert_allclose(box_weights(2, HALF), [[0.5, 1.0], [0.0, 0.0]])
    np.testing.assert_allclose(box_weights(2), [[0.8 * 0.7, 0.8 * 0.7], [0.8 * 0.6, 0.8 * 0.6]])


@pytest.mark.parametrize("grid", [7, 8, 10])
def test_on_every_grid_the_weights_make_the_area_of_the_box(grid):
    assert box_weights(grid).mean() == pytest.approx(box_area())
    assert box_area() == pytest.approx(0.52)


def test_the_share_counts_what_speaks_for_a_class_and_not_what_speaks_against_it():
    maps = np.array([[3.0, 1.0, 4.0, -9.0], [0.0, 2.0, -5.0, -1.0], [1.0, 1.0, 1.0, 1.0]], np.float32)
    np.testing.assert_allclose(box_shares(maps, HALF), [(3 * 0.5 + 1) / 8, 1.0, box_area(HALF)])


def test_a_map_that_is_positive_nowhere_has_no_share():
    assert np.isnan(box_shares(np.array([[0.0, -1.0, -2.0, 0.0]], np.float32))).tolist() == [True]


def test_in_the_lung_field_variant_the_box_is_where_its_part_of_the_picture_is():
    assert lung_box("plain") == LUNG_BOX
    within = lung_box("lungs")
    assert (within.left, within.top, within.right) == (0.0, 0.0, 1.0)
    assert 0.15 + 0.7 * within.bottom == pytest.approx(LUNG_BOX.bottom)
