import numpy as np
import pandas as pd
import pytest
from covid_xray.errors import StageError
from covid_xray.evaluation.metrics import difference, holm

ALL_RIGHT = [("C", "C")] * 10 + [("N", "N")] * 10


def wrong_at(*places):
    """Twenty pairs, of which those at `places` are wrong."""
    return [
        (label, "NC"["CN".index(label)] if i in places else label) for i, (label, _) in enumerate(ALL_RIGHT)
    ]


def test_the_difference_of_known_predictions(typed):
    # The first misses 1, the second 6 images; one is missed by both.
    found = difference(typed(*wrong_at(3)), typed(*wrong_at(3, 4, 5, 6, 12, 13)), 500, 1)
    assert found.value == pytest.approx(5 / 20)
    assert (found.first_only, found.second_only) == (5, 0)
    # Exact McNemar: 5 of 5 on one side, twice 1 / 2^5.
    assert found.p_value == pytest.approx(2 / 32)
    assert (found.n, found.n_patients) == (20, 20)
    # A share of 5 in 20: 1.96 standard errors are 0.19.
    assert (found.ci_low, found.ci_high) == pytest.approx((0.06, 0.44), abs=0.06)


def test_the_other_way_round_is_the_same_with_the_signs_changed(drawn):
    first, second = drawn(), drawn().assign(prediction="C")
    there, back = difference(first, second, 300, 1), difference(second, first, 300, 1)
    assert there.value == -back.value and there.p_value == back.p_value
    assert (there.ci_low, there.ci_high) == pytest.approx((-back.ci_high, -back.ci_low))
    assert (there.first_only, there.second_only) == (back.second_only, back.first_only)


def test_classifiers_are_resampled_together(typed):
    # Both are wrong on the same half; that half varies between resamples, the difference hardly.
    half = range(0, 20, 2)
    found = difference(typed(*wrong_at(*half)), typed(*wrong_at(*half, 1)), 500, 1)
    assert found.ci_high - found.ci_low < 0.2


def test_images_of_one_patient_are_resampled_together(typed):
    first, second = wrong_at(), wrong_at(0, 1, 2, 3, 4)
    patients = [f"p{i // 5}" for i in range(20)]
    alone = difference(typed(*first), typed(*second), 1000, 1)
    shared = difference(typed(*first, patients=patients), typed(*second, patients=patients), 1000, 1)
    # Drawn not at all, to three times of four.
    assert shared.n_patients == 4 and shared.ci_low == 0 and 0.5 <= shared.ci_high <= 0.75
    assert shared.ci_high - shared.ci_low > 1.5 * (alone.ci_high - alone.ci_low)


def test_the_value_is_over_all_repeats_and_the_test_over_the_first(typed):
    first = pd.concat([typed(*wrong_at(), repeat=repeat) for repeat in (0, 1)])
    second = pd.concat([typed(*wrong_at(1, 2), repeat=0), typed(*wrong_at(1, 2, 3, 4), repeat=1)])
    found = difference(first, second, 300, 1)
    assert found.value == pytest.approx(3 / 20)
    assert (found.first_only, found.n) == (2, 20)


def test_rows_need_not_be_in_the_same_order_and_equal_seeds_give_equal_differences(drawn):
    first, second = drawn(folds=3), drawn(folds=3).assign(prediction="N")
    assert difference(first, second, 200, 1) == difference(
        first, second.sample(frac=1, random_state=1), 200, 1
    )
    assert difference(first, second, 200, 1).ci_low != difference(first, second, 200, 9).ci_low


def test_equal_verdicts_leave_room_for_a_difference_that_few_patients_do_not_show(typed):
    found = difference(typed(*wrong_at(1)), typed(*wrong_at(1)), 200, 1)
    assert found.value == 0 and found.p_value == 1
    # Wilson for 0 of 20: z^2 / (20 + z^2).
    assert (found.ci_low, found.ci_high) == pytest.approx((-0.161125, 0.161125), abs=1e-6)


@pytest.mark.parametrize("change", ["an image less", "another fold", "another repeat"])
def test_other_held_out_images_are_refused_in_one_line(typed, change):
    first = typed(*ALL_RIGHT)
    second = {
        "an image less": first.iloc[1:],
        "another fold": first.assign(fold=np.where(first["image_id"] == "i0000", 1, 0)),
        "another repeat": first.assign(repeat=np.where(first["image_id"] == "i0000", 1, 0)),
    }[change]
    with pytest.raises(StageError, match=r"do not hold out the same images.* image i0000") as refused:
        difference(first, second, 200, 1)
    assert "\n" not in str(refused.value)


def test_an_image_held_out_twice_is_no_pair(typed):
    twice = pd.concat([typed(*ALL_RIGHT), typed(*ALL_RIGHT)])
    with pytest.raises(pd.errors.MergeError):
        difference(typed(*ALL_RIGHT), twice, 200, 1)


def test_holm_multiplies_each_p_value_by_those_not_smaller():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []
