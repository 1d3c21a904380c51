import numpy as np
import pytest
from covid_xray.evaluation.metrics import bootstrap as module
from covid_xray.evaluation.metrics.bootstrap import bootstrap_weights, percentiles, wilson


def test_each_resample_draws_as_many_patients_as_there_are():
    weights = np.concatenate(list(bootstrap_weights(30, 500, seed=1, width=40)))
    assert weights.shape == (500, 30) and (weights.sum(axis=1) == 30).all()
    assert (weights.sum(axis=0) > 0).all()
    # With replacement: a patient is left out of a share of (1 - 1/30)^30 of the resamples.
    assert (weights == 0).mean() == pytest.approx((29 / 30) ** 30, abs=0.01)


def test_memory_does_not_grow_with_the_resamples(monkeypatch):
    monkeypatch.setattr(module, "_CHUNK", 100)
    chunks = list(bootstrap_weights(10, 25, seed=1, width=20))
    assert [len(chunk) for chunk in chunks] == [5, 5, 5, 5, 5]


def test_what_is_drawn_does_not_depend_on_the_size_of_a_chunk(monkeypatch):
    at_once = np.concatenate(list(bootstrap_weights(11, 25, seed=1, width=20)))
    for size in (1, 60, 100):
        monkeypatch.setattr(module, "_CHUNK", size)
        assert (np.concatenate(list(bootstrap_weights(11, 25, seed=1, width=20))) == at_once).all()


def test_percentiles_are_those_of_the_replicates_that_are_defined():
    replicates = np.concatenate([np.arange(1001) / 1000, np.full(500, np.nan)])
    assert percentiles(replicates) == pytest.approx((0.025, 0.975))


def test_the_interval_of_none_and_of_all_is_wilsons():
    # z^2 / (n + z^2) from the end, with the square of the normal distribution's 97.5 % point.
    assert wilson(0, 20) == pytest.approx((0, 3.841459 / 23.841459), abs=1e-7)
    assert wilson(20, 20) == pytest.approx((20 / 23.841459, 1), abs=1e-7)
