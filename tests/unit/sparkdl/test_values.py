"""The nearest name is found whatever its case, and a whole number is told from what only looks like one."""

import numpy as np
import pytest
from sparkdl.values import did_you_mean, is_whole


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("vgg16", ", did you mean VGG16?"),
        ("RESNET", ", did you mean ResNet50?"),
        ("Resnet5", ", did you mean ResNet50?"),
        ("", ""),
        (3, ""),
    ],
)
def test_the_nearest_name_is_found_in_any_case(given, hint):
    assert did_you_mean(given, ("VGG16", "VGG19", "ResNet50")) == hint


@pytest.mark.parametrize("value", [0, -1, 1.0, True, "1", None])
def test_what_is_no_whole_number_of_at_least_one(value):
    assert not is_whole(value, 1)


def test_whole_numbers_may_be_numpys():
    assert is_whole(1, 1) and is_whole(np.int64(3), 3)
