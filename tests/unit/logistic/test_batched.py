import numpy as np
import pytest
from logistic import batched
from logistic.batched import fit_many
from logistic.errors import LogisticError
from logistic.feature_rows import FeatureRows
from logistic.row_space import common_scale, fit_rows, gram
from logistic.row_space import probabilities as by_row_space
from logistic.rows import Block, Fit, Labels, RowsInMemory
from sklearn.linear_model import LogisticRegression

ROWS, COLUMNS, FOLDS = 900, 40, 3
# All rows have a class in the second task; in the first, those of the third class are left out.
TASKS = (2, 3)


@pytest.fixture(scope="module")
def features():
    """Features with a large mean, very different scales and some rows far from the others."""
    random = np.random.default_rng(3)
    scales = 10 ** random.uniform(-2, 1, COLUMNS)
    matrix = random.standard_exponential((ROWS, COLUMNS)) ** 2 + 3
    matrix[:4] *= 6
    return (matrix * scales).astype(np.float32)


@pytest.fixture(scope="module")
def codes(features):
    random = np.random.default_rng(4)
    standardised = (features - features.mean(axis=0)) / features.std(axis=0)
    return (standardised[:, :3] + random.standard_normal((ROWS, 3))).argmax(axis=1)


@pytest.fixture(scope="module")
def folds():
    return np.random.default_rng(5).integers(0, FOLDS, ROWS)


@pytest.fixture
def make_rows(features, codes, folds):
    def make(features=features, codes=codes, size=128, groups=None):
        both = np.stack([np.where(codes < 2, codes, -1), codes], axis=1)
        labels, numbers = Labels(both, folds[:, None], groups), np.arange(len(features))
        starts = range(0, len(features), size)
        blocks = [
            Block(features[start : start + size], labels[start : start + size], numbers[start : start + size])
            for start in starts
        ]
        return RowsInMemory(blocks, threads=2)

    return make


def by_scikit_learn(matrix, codes, penalty, weights=None):
    model = LogisticRegression(
        C=1 / (penalty * len(codes)), tol=1e-13, solver="newton-cholesky", max_iter=500
    )
    return model.fit(matrix, codes, weights)


@pytest.mark.parametrize("penalty", [1e-4, 0.05, 10])
def test_every_fold_of_every_task_has_the_probabilities_of_a_fit_of_its_own(
    make_rows, features, codes, folds, penalty
):
    fits = [Fit(task, 0, fold) for task in range(2) for fold in range(FOLDS)] + [Fit(0), Fit(1)]
    found = fit_many(make_rows(), fits, TASKS, penalty)
    exact = features.astype(np.float64)
    for fit, model in zip(fits, found, strict=True):
        training = (codes < 2) | (fit.task == 1)
        if fit.split is not None:
            training &= folds != fit.fold
        scale = np.sqrt(exact[training].var(axis=0, ddof=1).mean())
        expected = by_scikit_learn(exact[training] / scale, codes[training], penalty)
        np.testing.assert_allclose(
            model.probabilities(exact), expected.predict_proba(exact / scale), atol=1e-5, rtol=0
        )


def test_groups_weigh_equally_however_many_rows_they_have(make_rows, features, codes, folds):
    groups = np.where(np.arange(ROWS) < 50, 3, codes).astype(np.int16)
    labels = Labels(np.stack([np.where(codes < 2, codes, -1), codes], axis=1), folds[:, None], groups)
    fits = [Fit(1, 0, 1), Fit(0)]
    shares = np.stack([fit.shares(labels) for fit in fits])
    found = fit_many(make_rows(groups=groups), fits, TASKS, 0.05, shares=shares)
    exact = features.astype(np.float64)
    for fit, model in zip(fits, found, strict=True):
        training = fit.training(labels)
        counts = np.bincount(groups[training])
        weights = (training.sum() / np.count_nonzero(counts) / np.maximum(counts, 1))[groups[training]]
        scale = np.sqrt(exact[training].var(axis=0, ddof=1).mean())
        expected = by_scikit_learn(exact[training] / scale, codes[training], 0.05, weights)
        np.testing.assert_allclose(
            model.probabilities(exact), expected.predict_proba(exact / scale), atol=1e-5, rtol=0
        )


def test_without_a_common_scale_the_penalty_is_for_features_as_they_are(make_rows, features, codes):
    (found,) = fit_many(make_rows(), [Fit(1)], TASKS, 0.05, common_scale=False)
    exact = features.astype(np.float64)
    expected = by_scikit_learn(exact, codes, 0.05).predict_proba(exact)
    np.testing.assert_allclose(found.probabilities(exact), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("task", [0, 1])
def test_the_row_space_gives_the_same_probabilities(make_rows, features, codes, task):
    (found,) = fit_many(make_rows(), [Fit(task)], TASKS, 0.05)
    inner, rows = gram(FeatureRows.in_order(features)), np.flatnonzero((codes < 2) | (task == 1))
    scale = common_scale(inner, rows, COLUMNS)
    fit = fit_rows(inner, rows, codes[rows], TASKS[task], 0.05 * scale**2)
    expected = by_row_space(fit, inner, np.arange(ROWS))
    np.testing.assert_allclose(found.probabilities(features.astype(float)), expected, atol=1e-5, rtol=0)


def test_neither_blocks_nor_other_fits_change_a_fit(make_rows, features):
    several = fit_many(make_rows(size=100), [Fit(0), Fit(1), Fit(1, 0, 2)], TASKS, 0.05)[1]
    alone = fit_many(make_rows(size=ROWS), [Fit(1)], TASKS, 0.05)[0]
    exact = features.astype(np.float64)
    np.testing.assert_allclose(several.probabilities(exact), alone.probabilities(exact), atol=1e-5, rtol=0)


def test_one_coefficient_a_column_for_two_classes_and_for_three_a_sum_of_0(make_rows):
    two, three = fit_many(make_rows(), [Fit(0), Fit(1)], TASKS, 0.05)
    assert two.coefficients.shape == (1, COLUMNS) and two.intercept.shape == (1,)
    assert three.coefficients.shape == (3, COLUMNS)
    np.testing.assert_allclose(three.coefficients.sum(axis=0), 0, atol=1e-12)


def test_classes_that_are_separable_and_a_constant_column_are_fitted(make_rows, features, codes):
    separable = features.copy()
    separable[:, 0] = 5 * codes * features[:, 0].std()
    separable[:, 1] = 7
    (found,) = fit_many(make_rows(features=separable), [Fit(1)], TASKS, 0.05)
    exact = separable.astype(np.float64)
    scale = np.sqrt(exact.var(axis=0, ddof=1).mean())
    expected = by_scikit_learn(exact / scale, codes, 0.05).predict_proba(exact / scale)
    np.testing.assert_allclose(found.probabilities(exact), expected, atol=1e-5, rtol=0)
    np.testing.assert_allclose(found.coefficients[:, 1], 0, atol=1e-9)


def test_rounding_errors_of_float32_are_left_behind(make_rows, features, monkeypatch):
    """In float32 no gradient becomes as small as asked here."""
    monkeypatch.setattr(batched, "_GRADIENT_TOLERANCE", 1e-9)
    (found,) = fit_many(make_rows(), [Fit(0)], TASKS, 1e-3)
    (again,) = fit_many(make_rows(size=77), [Fit(0)], TASKS, 1e-3)
    exact = features.astype(np.float64)
    np.testing.assert_allclose(found.probabilities(exact), again.probabilities(exact), atol=1e-8, rtol=0)


def test_a_fit_that_lacks_a_class_is_refused_by_name(make_rows, codes, folds):
    only_held_out = np.where((codes == 2) & (folds != 1), 1, codes)
    with pytest.raises(LogisticError, match="task 1, fold 1 of split 0: class 2 has no training rows"):
        fit_many(make_rows(codes=only_held_out), [Fit(1, 0, 0), Fit(1, 0, 1)], TASKS, 0.05)


def test_features_that_are_all_equal_are_refused(make_rows):
    with pytest.raises(LogisticError, match="the features of all rows are equal, or not finite"):
        fit_many(make_rows(features=np.full((ROWS, COLUMNS), 3, np.float32)), [Fit(1)], TASKS, 0.05)


def test_a_fit_that_does_not_converge_is_named(make_rows, monkeypatch):
    monkeypatch.setattr(batched, "_MOST_PASSES", 3)
    with pytest.raises(LogisticError, match=r"logistic regression of task 1 did not converge in 3 passes"):
        fit_many(make_rows(), [Fit(1)], TASKS, 0.05)
