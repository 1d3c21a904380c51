import numpy as np
import pytest
from logistic import dual, feature_rows
from logistic.errors import LogisticError
from logistic.feature_rows import FeatureRows
from logistic.row_space import coefficients, common_scale, decision, fit_rows, gram, probabilities
from sklearn.linear_model import LogisticRegression


@pytest.fixture
def features():
    """Wide features with a large mean and very different scales, and labels that depend on a few of them."""

    def make(rows=60, columns=300, classes=3, seed=1):
        random = np.random.default_rng(seed)
        scales = 10 ** random.uniform(-2, 1, columns)
        matrix = ((random.standard_normal((rows, columns)) + 3) * scales).astype(np.float32)
        score = (matrix / scales)[:, :classes] + random.standard_normal((rows, classes))
        return matrix, score.argmax(axis=1)

    return make


def by_scikit_learn(matrix, codes, penalty):
    model = LogisticRegression(
        C=1 / (penalty * len(codes)), tol=1e-13, solver="newton-cholesky", max_iter=500
    )
    return model.fit(matrix.astype(np.float64), codes)


def test_the_gram_matrix_does_not_depend_on_the_blocks(features, monkeypatch):
    matrix, _ = features(columns=100)
    monkeypatch.setattr(feature_rows, "_BLOCK", 7)
    np.testing.assert_allclose(
        gram(FeatureRows.in_order(matrix)), matrix.astype(float) @ matrix.T.astype(float), rtol=1e-12
    )


def test_the_common_scale_is_the_root_of_the_mean_variance_of_the_training_rows(features):
    matrix, _ = features()
    rows = np.arange(5, 40)
    expected = np.sqrt(matrix[rows].astype(float).var(axis=0, ddof=1).mean())
    assert common_scale(gram(FeatureRows.in_order(matrix)), rows, matrix.shape[1]) == pytest.approx(
        expected, rel=1e-9
    )


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("columns", [20, 300])
def test_held_out_probabilities_are_those_of_a_model_fitted_on_all_columns(features, classes, columns):
    matrix, codes = features(columns=columns, classes=classes)
    train, test = np.arange(45), np.arange(45, 60)
    inner = gram(FeatureRows.in_order(matrix))
    fit = fit_rows(inner, train, codes[train], classes, penalty=0.3)
    expected = by_scikit_learn(matrix[train], codes[train], 0.3).predict_proba(matrix[test].astype(float))
    np.testing.assert_allclose(probabilities(fit, inner, test), expected, atol=1e-7)


@pytest.mark.parametrize("classes", [2, 3])
def test_rows_have_the_share_in_the_loss_that_they_are_given(features, classes):
    matrix, codes = features(classes=classes)
    rows = np.arange(60)
    weights = np.where(rows < 10, 5.0, 1.0)
    inner = gram(FeatureRows.in_order(matrix))
    fit = fit_rows(inner, rows, codes, classes, 0.3, weights / weights.sum())
    model = LogisticRegression(C=1 / (0.3 * weights.sum()), tol=1e-12, max_iter=10_000)
    expected = model.fit(matrix.astype(float), codes, weights).predict_proba(matrix.astype(float))
    np.testing.assert_allclose(probabilities(fit, inner, rows), expected, atol=1e-6)


@pytest.mark.parametrize("classes", [2, 3])
def test_coefficients_in_feature_space_give_the_same_margins(features, classes):
    matrix, codes = features(classes=classes)
    rows = np.arange(45)
    inner = gram(FeatureRows.in_order(matrix))
    fit = fit_rows(inner, rows, codes[rows], classes, penalty=0.3)
    found, intercepts = coefficients(fit, inner, FeatureRows.in_order(matrix))
    margins = matrix.astype(float) @ found.T + intercepts
    np.testing.assert_allclose(margins, decision(fit, inner, np.arange(60)), atol=1e-5)


def test_two_classes_are_binomial_and_three_multinomial(features):
    matrix, codes = features(classes=3)
    rows = np.arange(60)
    assert fit_rows(gram(FeatureRows.in_order(matrix)), rows, codes, 3, 0.3).dual.shape == (60, 3)
    assert fit_rows(gram(FeatureRows.in_order(matrix)), rows, codes % 2, 2, 0.3).dual.shape == (60, 1)


def test_held_out_rows_do_not_influence_a_fit(features):
    matrix, codes = features()
    changed = matrix.copy()
    changed[45:] *= -7
    rows = np.arange(45)
    one = fit_rows(gram(FeatureRows.in_order(matrix)), rows, codes[rows], 3, 0.3)
    other = fit_rows(gram(FeatureRows.in_order(changed)), rows, codes[rows], 3, 0.3)
    np.testing.assert_array_equal(one.dual, other.dual)


def test_a_divisor_acts_like_dividing_the_columns_first_and_an_infinite_one_drops_a_column(features):
    matrix, codes = features(classes=2)
    divisor = matrix.std(axis=0, ddof=1, dtype=np.float64)
    divisor[4] = np.inf
    rows = np.arange(60)
    inner = gram(FeatureRows.in_order(matrix), divisor)
    fit = fit_rows(inner, rows, codes, 2, 0.1)
    found, intercepts = coefficients(fit, inner, FeatureRows.in_order(matrix), divisor)
    model = by_scikit_learn(matrix / divisor, codes, 0.1)
    np.testing.assert_allclose(found[0], model.coef_[0] / divisor, atol=1e-6 * abs(found).max())
    assert found[0, 4] == 0
    assert intercepts == pytest.approx(model.intercept_, abs=1e-5)


def test_convergence_does_not_depend_on_the_scale_of_the_features(features):
    matrix, codes = features()
    rows = np.arange(60)
    plain = fit_rows(gram(FeatureRows.in_order(matrix)), rows, codes, 3, 0.3)
    large = fit_rows(gram(FeatureRows.in_order(matrix * np.float32(2**14))), rows, codes, 3, 0.3 * 2.0**28)
    one, other = (
        probabilities(plain, gram(FeatureRows.in_order(matrix)), rows),
        probabilities(large, gram(FeatureRows.in_order(matrix * np.float32(2**14))), rows),
    )
    np.testing.assert_allclose(one, other, atol=1e-8)


@pytest.fixture
def steps(monkeypatch):
    """One entry for every evaluation of an objective."""
    counted = []
    evaluate = dual.Problem.loss_and_gradient

    def counting(problem, vector):
        counted.append(1)
        return evaluate(problem, vector)

    monkeypatch.setattr(dual.Problem, "loss_and_gradient", counting)
    return counted


# Without its metric the solver needs thousands of evaluations; rounding decides the exact number below this.
FEW_STEPS = 200


@pytest.mark.parametrize("classes", [2, 3])
def test_directions_of_very_different_variance_take_no_more_steps(features, classes, steps):
    matrix, codes = features(rows=300, columns=200, classes=classes)
    rows = np.arange(300)
    inner = gram(FeatureRows.in_order(matrix))
    fit = fit_rows(inner, rows, codes, classes, penalty=1e-4)
    assert sum(steps) < FEW_STEPS
    expected = by_scikit_learn(matrix, codes, 1e-4).predict_proba(matrix.astype(float))
    np.testing.assert_allclose(probabilities(fit, inner, rows), expected, atol=1e-6)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.thorough) for seed in range(2, 6))]
)
@pytest.mark.parametrize("classes", [2, 3])
def test_rounding_errors_of_a_large_mean_are_not_fitted(classes, seed, steps):
    random = np.random.default_rng(seed)
    matrix = (random.standard_normal((60, 300)) + 3000).astype(np.float32)
    codes = (matrix[:, :classes] + random.standard_normal((60, classes))).argmax(axis=1)
    inner = gram(FeatureRows.in_order(matrix))
    fit = fit_rows(inner, np.arange(60), codes, classes, penalty=1e-6)
    assert sum(steps) < FEW_STEPS
    centred = matrix.astype(float) - matrix.mean(axis=0, dtype=float)
    expected = by_scikit_learn(centred, codes, 1e-6).predict_proba(centred)
    np.testing.assert_allclose(probabilities(fit, inner, np.arange(60)), expected, atol=1e-6)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:Line search of Newton solver")
@pytest.mark.parametrize("penalty", [1e-6, 1e-8])
def test_separable_classes_with_a_tiny_penalty_are_fitted_to_the_minimum(features, penalty, steps):
    matrix, codes = features(classes=2)
    inner = gram(FeatureRows.in_order(matrix))
    fit = fit_rows(inner, np.arange(60), codes, 2, penalty)
    assert sum(steps) < FEW_STEPS

    def objective(weights, intercept):
        margins = matrix.astype(float) @ weights + intercept
        loss = np.mean(np.logaddexp(0, margins) - codes * margins)
        return loss + penalty / 2 * weights @ weights

    found, intercepts = coefficients(fit, inner, FeatureRows.in_order(matrix))
    expected = by_scikit_learn(matrix, codes, penalty)
    least = objective(expected.coef_[0], expected.intercept_[0])
    # Scikit-learn's solver stops early here; ours must not end above it.
    assert objective(found[0], intercepts[0]) <= least * (1 + 1e-3)


def test_a_fit_that_does_not_converge_is_an_error(features, monkeypatch):
    matrix, codes = features()
    monkeypatch.setattr(dual, "_GRADIENT_TOLERANCE", 0)
    monkeypatch.setattr(dual, "_ROUNDING_TOLERANCE", 0)
    with pytest.raises(LogisticError, match="did not converge"):
        fit_rows(gram(FeatureRows.in_order(matrix)), np.arange(60), codes, 3, 0.3)
