import numpy as np
import pandas as pd
import pytest
from covid_xray.evaluation import cross_validation
from covid_xray.evaluation.cross_validation import fit_folds
from covid_xray.features.gram import GramMatrix
from logistic import row_space
from logistic.feature_rows import FeatureRows
from logistic.row_space import gram
from threadpoolctl import threadpool_info, threadpool_limits

CLASSES = ["Covid-19", "No_findings", "Pneumonia"]


@pytest.fixture
def fitted():
    """The folds of two repeats, with random features of a width of 40."""
    random = np.random.default_rng(3)
    ids = [f"{number:02}" for number in range(30)]
    matrix = random.standard_normal((30, 40)).astype(np.float32)
    products = GramMatrix(tuple(ids), 40, gram(FeatureRows.in_order(matrix)))
    labels = [CLASSES[number % 3] for number in range(30)]
    drawn = [
        pd.DataFrame({"image_id": ids, "patient_id": ids, "label": labels})
        .assign(protocol="patient_grouped", repeat=repeat, fold=random.permutation(np.arange(30) % 5))
        .sample(frac=1, random_state=repeat)
        for repeat in (1, 0)
    ]

    def fit():
        return fit_folds(products, pd.concat(drawn), CLASSES, reg_param=0.05)

    return fit


def test_folds_come_in_the_order_of_repeat_and_fold_and_their_images_sorted(fitted):
    found = [fold.predictions for fold in fitted()]
    assert [(p["repeat"][0], p["fold"][0]) for p in found] == [(r, f) for r in (0, 1) for f in range(5)]
    assert all(part["image_id"].is_monotonic_increasing for part in found)


def test_as_many_at_once_as_there_are_cores_find_what_one_after_the_other_finds(fitted, monkeypatch):
    monkeypatch.setattr(cross_validation.os, "cpu_count", lambda: 1)
    alone = fitted()
    monkeypatch.setattr(cross_validation.os, "cpu_count", lambda: 4)
    for one, other in zip(alone, fitted(), strict=True):
        np.testing.assert_array_equal(one.fit.dual, other.fit.dual)


def test_many_images_are_fitted_one_fold_at_a_time_for_the_memory_they_take(monkeypatch):
    monkeypatch.setattr(cross_validation.os, "cpu_count", lambda: 16)
    assert cross_validation._max_fits(1_000) == 16
    assert cross_validation._max_fits(3_000) == 2
    assert cross_validation._max_fits(20_000) == 1


def test_each_fit_has_one_thread_for_its_linear_algebra(fitted, monkeypatch):
    fit, seen = row_space.multinomial, []

    def looking(*args):
        seen.extend(lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas")
        return fit(*args)

    monkeypatch.setattr(row_space, "multinomial", looking)
    with threadpool_limits(limits=2, user_api="blas"):
        fitted()
    assert set(seen) == {1}
