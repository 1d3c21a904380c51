import numpy as np
import pytest
from covid_xray.registry.distance import FeatureSpread, training_spread


def test_the_spread_is_computed_from_the_distances_of_the_training_images():
    training = np.random.default_rng(3).gamma(2.0, 3.0, (7, 40))
    squared = (training - training.mean(axis=0)) ** 2
    scale = np.sqrt(training.var(axis=0, ddof=1).mean())
    distances = np.sqrt(squared.mean(axis=1)) / scale
    spread = training_spread(squared.sum(axis=1), 40)
    np.testing.assert_allclose(
        [spread.scale, spread.low, spread.high], [scale, distances.min(), distances.max()]
    )
    assert np.mean(distances**2) == pytest.approx(1 - 1 / 7)


def test_a_distance_is_outside_beyond_either_limit_with_a_tolerance():
    spread = FeatureSpread(scale=3.0, low=0.8, high=1.4)
    assert [spread.is_outside(d) for d in (0.7, 0.7999, 1.0, 1.4001, 1.5)] == [
        True,
        False,
        False,
        False,
        True,
    ]
