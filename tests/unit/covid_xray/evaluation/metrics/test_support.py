import numpy as np
import pytest
from covid_xray.evaluation.metrics.repeat import repeats_of
from covid_xray.evaluation.metrics.support import (
    ALL_IMAGES,
    OF_CLASS,
    OF_CLASS_OR_PREDICTED,
    OF_OTHER_CLASSES,
    PREDICTED,
    count_fewest_patients,
    count_images,
    count_patients,
)


@pytest.fixture
def repeats(typed):
    """Two C of patient a, one predicted as N; three N of patients b, b and c, one of b's predicted as C."""
    pairs = [("C", "C"), ("C", "N"), ("N", "C"), ("N", "N"), ("N", "N")]
    return repeats_of(typed(*pairs, patients=["a", "a", "b", "b", "c"]), ("C", "N"))


@pytest.mark.parametrize(
    ("support", "images", "patients"),
    [
        (ALL_IMAGES, [True, True, True, True, True], 3),
        (OF_CLASS, [True, True, False, False, False], 1),
        (OF_OTHER_CLASSES, [False, False, True, True, True], 2),
        (PREDICTED, [True, False, True, False, False], 2),
        (OF_CLASS_OR_PREDICTED, [True, True, True, False, False], 2),
    ],
    ids=lambda value: getattr(value, "description", ""),
)
def test_images_and_patients_are_those_of_the_denominator(repeats, support, images, patients):
    (mask,) = support.of(repeats, 0)
    assert mask.tolist() == images
    assert (count_images([mask]), count_patients(repeats, [mask])) == (sum(images), patients)


def test_repeats_of_other_images_count_their_rounded_mean():
    assert count_images([np.ones(3, bool), np.ones(6, bool)]) == 4


def test_the_fewest_patients_are_those_of_the_smallest_side(repeats):
    assert count_fewest_patients(repeats, (OF_CLASS, OF_OTHER_CLASSES), 1) == 1
    assert count_fewest_patients(repeats, (OF_OTHER_CLASSES,), 0) == 2
    assert count_fewest_patients(repeats, (ALL_IMAGES,), None) == 3


def test_over_all_classes_they_are_those_of_the_smallest_class_that_is_there(typed):
    pairs = [*[("C", "C")] * 4, *[("N", "N")] * 2]
    assert count_fewest_patients(repeats_of(typed(*pairs), ("C", "N")), (OF_CLASS,), None) == 2
    assert count_fewest_patients(repeats_of(typed(*pairs), ("C", "N", "P")), (OF_CLASS,), None) == 2
