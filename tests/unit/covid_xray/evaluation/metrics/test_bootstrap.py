import numpy as np
import pandas as pd
import pytest
from covid_xray.evaluation.metrics import bootstrap as module
from covid_xray.evaluation.metrics.bootstrap import bootstrap, draws
from covid_xray.evaluation.metrics.repeat import repeats_of
from covid_xray.evaluation.metrics.weighted import WeightedFigures


def test_each_resample_draws_as_many_patients_as_there_are():
    counts = np.concatenate(list(draws(30, 500, seed=1, width=40)))
    assert counts.shape == (500, 30) and (counts.sum(axis=1) == 30).all()
    # With replacement: a patient is left out of a share of (1 - 1/30)^30 of the resamples.
    assert (counts == 0).mean() == pytest.approx((29 / 30) ** 30, abs=0.01)


def test_memory_does_not_grow_with_the_resamples(monkeypatch):
    monkeypatch.setattr(module, "_CHUNK", 100)
    chunks = list(draws(10, 25, seed=1, width=20))
    assert [len(chunk) for chunk in chunks] == [5, 5, 5, 5, 5]


def test_all_repeats_see_the_same_resample_of_patients(drawn):
    rows = pd.concat([drawn(seed=1), drawn(seed=1, repeat=1), drawn(seed=2, repeat=2)])
    repeats = repeats_of(rows, "CNP")
    (counts,) = draws(25, 50, seed=3, width=60)
    each = [dict(WeightedFigures.of(repeat, 25).values(counts))["auroc", "C"] for repeat in repeats]
    found = bootstrap(repeats, 50, seed=3)["auroc", "C"]
    assert found == pytest.approx(np.mean(each, axis=0), abs=1e-12)


def test_a_repeat_in_which_a_resample_has_none_of_the_class_is_left_out(typed):
    # Patient b is held out in the second repeat only, a in both.
    one = typed(("C", "C"), ("N", "N"), patients=["a", "n"])
    other = typed(("C", "N"), ("N", "N"), patients=["b", "n"], repeat=1)
    repeats = repeats_of(pd.concat([one, other]), "CN")
    recall = bootstrap(repeats, 200, seed=0)["recall", "C"]
    (counts,) = draws(3, 200, seed=0, width=3)
    drawn_a, drawn_b = counts[:, 0] > 0, counts[:, 1] > 0
    assert (recall[drawn_a & ~drawn_b] == 1).all() and (recall[~drawn_a & drawn_b] == 0).all()
    assert (recall[drawn_a & drawn_b] == 0.5).all() and np.isnan(recall[~drawn_a & ~drawn_b]).all()
