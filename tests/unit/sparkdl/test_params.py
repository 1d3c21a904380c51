"""The Params of DeepImageFeaturizer are checked wherever they are set."""

import pytest
from sparkdl import DeepImageFeaturizer

REFUSED = [
    *[("batchSize", 0), ("batchSize", -1), ("batchSize", 2**31), ("batchSize", 1.5), ("seed", -1)],
    *[("dimensionality", 0), ("dimensionality", 64.5)],
]


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_a_number_out_of_range_is_refused_by_every_way_of_setting_it(name, value):
    one = DeepImageFeaturizer()
    setter = getattr(one, f"set{name[0].upper()}{name[1:]}")
    param = one.getParam(name)
    ways = (
        lambda: DeepImageFeaturizer(**{name: value}),
        lambda: one.setParams(**{name: value}),
        lambda: setter(value),
        lambda: one.copy({param: value}),
        # As a saved stage is loaded.
        lambda: one.set(param, value),
    )
    for way in ways:
        with pytest.raises(
            TypeError, match=rf"{name} must be a whole number from [01] to 2147483647, not {value}"
        ):
            way()
    assert (one.getBatchSize(), one.getSeed(), one.getDimensionality()) == (16, 0, None)


def test_the_least_numbers_are_taken():
    one = DeepImageFeaturizer(batchSize=1, seed=0, dimensionality=1)
    assert (one.getBatchSize(), one.getSeed(), one.getDimensionality()) == (1, 0, 1)
