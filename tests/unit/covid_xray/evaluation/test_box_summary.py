import numpy as np
import pandas as pd
import pytest
from covid_xray.evaluation.box_summary import box_summary
from covid_xray.evaluation.lung_box import box_area


@pytest.fixture
def rows():
    """Images with random shares, each of a patient of its own, or several alike of each."""

    def make(patients=40, copies=1):
        shares = np.random.default_rng(2).uniform(0.2, 0.9, patients)
        names = [f"p{number}" for number in range(patients)]
        return pd.DataFrame({"patient_id": np.repeat(names, copies), "box_share": np.repeat(shares, copies)})

    return make


def test_it_is_the_mean_over_images_with_an_interval_around_it_beside_the_area_of_the_box(rows):
    given = rows()
    found = box_summary(given, 2000, seed=7)
    error = given["box_share"].std() / np.sqrt(40)
    assert found.value == pytest.approx(given["box_share"].mean())
    assert found.ci_high - found.ci_low == pytest.approx(2 * 1.96 * error, rel=0.1)
    assert (found.n, found.n_patients, found.area) == (40, 40, box_area())
    assert box_summary(given, 2000, seed=7) == found


def test_more_images_of_the_same_patients_make_no_interval_narrower(rows):
    one, many = box_summary(rows(), 2000, seed=7), box_summary(rows(copies=9), 2000, seed=7)
    assert (many.n, many.n_patients) == (360, 40)
    assert (many.ci_low, many.ci_high) == pytest.approx((one.ci_low, one.ci_high))


def test_a_patient_with_more_images_counts_more():
    given = pd.DataFrame({"patient_id": ["a", "a", "a", "b"], "box_share": [0.8, 0.8, 0.8, 0.4]})
    found = box_summary(given, 500, seed=1)
    assert found.value == pytest.approx(0.7)
    assert (found.ci_low, found.ci_high) == pytest.approx((0.4, 0.8))


def test_images_without_a_share_do_not_count(rows):
    given = rows(patients=41)
    given.loc[40, "box_share"] = None
    assert box_summary(given, 500, seed=1) == box_summary(given[:40], 500, seed=1)
    assert box_summary(given[40:], 500, seed=1).n == 0
