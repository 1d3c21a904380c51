from itertools import pairwise

import numpy as np
import pytest
from covid_xray.evaluation.calibration import BINS, CalibrationBin, calibration
from statsmodels.stats.proportion import proportion_confint


def test_each_bin_has_its_images_their_mean_probability_and_the_share_of_the_class():
    found = calibration([0.0, 0.05, 0.1, 0.95, 1.0, 0.99], [False, True, True, True, True, False])
    assert [one.images for one in found] == [2, 1, 0, 0, 0, 0, 0, 0, 0, 3]
    assert found[0].mean_probability == pytest.approx(0.025) and found[0].observed == 0.5
    assert found[9].mean_probability == pytest.approx(0.98) and found[9].observed == pytest.approx(2 / 3)
    assert found[2] == CalibrationBin(0.2, 0.3, 0)


def test_the_interval_is_wilsons_also_where_no_image_is_of_the_class():
    found = calibration(np.full(20, 0.55), np.arange(20) < 7)[5]
    expected = proportion_confint(7, 20, method="wilson")
    np.testing.assert_allclose([found.ci_low, found.ci_high], expected)
    none = calibration([0.55] * 20, [False] * 20)[5]
    assert none.observed == none.ci_low == 0 and none.ci_high == pytest.approx(0.1611, abs=1e-3)


def test_bins_are_equal_and_end_where_the_next_begins():
    found = calibration([], [])
    assert len(found) == BINS and found[0].low == 0 and found[-1].high == 1
    assert all(one.high == other.low for one, other in pairwise(found))


@pytest.mark.parametrize("place", range(BINS))
def test_a_limit_belongs_to_the_bin_that_it_begins(place):
    assert calibration([place / BINS], [True])[place].images == 1
