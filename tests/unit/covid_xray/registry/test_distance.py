import numpy as np
import pytest
from covid_xray.registry.distance import FeatureSpread, training_spread


def test_the_spread_is_computed_from_the_gram_matrix_alone():
    random = np.random.default_rng(3)
    features = random.gamma(2.0, 3.0, (12, 40))
    rows = np.array([0, 2, 3, 5, 7, 8, 11])
    training = features[rows]
    scale = np.sqrt(training.var(axis=0, ddof=1).mean())
    distances = np.sqrt(((training - training.mean(axis=0)) ** 2).mean(axis=1)) / scale

    spread = training_spread(features @ features.T, rows, 40)

    np.testing.assert_allclose(
        [spread.scale, spread.low, spread.high], [scale, distances.min(), distances.max()]
    )
    assert np.mean(distances**2) == pytest.approx(1 - 1 / len(rows))


def test_a_distance_is_outside_beyond_either_limit_with_a_tolerance():
    spread = FeatureSpread(scale=3.0, low=0.8, high=1.4)
    assert [spread.is_outside(d) for d in (0.7, 0.7999, 1.0, 1.4001, 1.5)] == [
        True,
        False,
        False,
        False,
        True,
    ]
