"""Maps add up to the logits: compared with coefficients and means over whole feature vectors."""

import numpy as np
import pandas as pd
import pytest
from covid_xray.evaluation.cross_validation import fit_folds
from covid_xray.features.gram import GramMatrix
from covid_xray.stages.explain.maps import flat_maps, per_class, pooled_maps
from logistic import feature_rows
from logistic.feature_rows import FeatureRows
from logistic.row_space import coefficients, decision, gram

IMAGES, CELLS, CHANNELS = 40, 9, 6
CLASSES = ("a", "b", "c")


@pytest.fixture
def fitted():
    """Fit the two folds of a grouped split on given features."""

    def fit(matrix, classes):
        codes = matrix[:, :classes].argmax(axis=1)
        rows = FeatureRows.in_order(matrix[:25], matrix[25:])
        ids = tuple(f"{number:02d}" for number in range(len(matrix)))
        splits = pd.DataFrame(
            {"image_id": ids, "patient_id": ids, "protocol": "patient_grouped", "repeat": 0}
        )
        splits["label"] = [CLASSES[code] for code in codes]
        splits["fold"] = np.arange(len(matrix)) % 3 % 2
        gram_matrix = GramMatrix(ids, matrix.shape[1], gram(rows))
        return rows, gram_matrix, fit_folds(gram_matrix, splits, CLASSES[:classes], 0.05)

    return fit


def features(seed=1):
    return np.random.default_rng(seed).gamma(2.0, 3.0, (IMAGES, CELLS, CHANNELS)).astype(np.float32)


def centred(margins):
    """Logits of all classes with a mean of 0; a binomial margin is the second class's minus the first's."""
    both = np.hstack([0 * margins, margins]) if margins.shape[1] == 1 else margins
    return both - both.mean(axis=1, keepdims=True)


def logits_above_the_mean_image(fold, inner):
    """Return centred logits minus those of the mean training image, whose margins are the intercepts."""
    return centred(decision(fold.fit, inner, fold.rows)) - centred(fold.fit.intercept[None])


@pytest.mark.parametrize("classes", [2, 3])
def test_a_map_sums_to_the_centred_logit_minus_that_of_the_mean_training_image(fitted, classes, monkeypatch):
    monkeypatch.setattr(feature_rows, "_BLOCK", 2 * CHANNELS + 1)
    rows, gram_matrix, both = fitted(features().reshape(IMAGES, -1), classes)
    assert len(both) == 2
    for fold, maps in zip(both, flat_maps(rows, both, CHANNELS), strict=True):
        expected = logits_above_the_mean_image(fold, gram_matrix.values)
        assert maps.shape == (len(fold.rows), classes, CELLS) and maps.dtype == np.float32
        np.testing.assert_allclose(maps.sum(axis=2), expected, atol=1e-4 * abs(expected).max())


@pytest.mark.parametrize("classes", [2, 3])
def test_a_cell_is_the_product_of_its_coefficients_and_its_features(fitted, classes):
    matrix = features().reshape(IMAGES, -1)
    rows, gram_matrix, both = fitted(matrix, classes)
    for fold, maps in zip(both, flat_maps(rows, both, CHANNELS), strict=True):
        found, _ = coefficients(fold.fit, gram_matrix.values, rows)
        of_class = found - found.mean(axis=0) if classes == 3 else np.vstack([-found / 2, found / 2])
        above_mean = matrix[fold.rows] - matrix[fold.fit.rows].mean(axis=0, dtype=np.float64)
        each = above_mean[:, None] * of_class
        expected = each.reshape(len(fold.rows), classes, CELLS, CHANNELS).sum(axis=3)
        np.testing.assert_allclose(maps, expected, atol=1e-5 * abs(expected).max())


@pytest.mark.parametrize("classes", [2, 3])
def test_a_map_of_averaged_features_sums_to_the_logit_of_the_average(fitted, classes):
    cells = features()
    rows, gram_matrix, both = fitted(cells.mean(axis=1), classes)
    for fold in both:
        maps = pooled_maps(fold.fit, gram_matrix.values, rows, cells[fold.rows])
        expected = logits_above_the_mean_image(fold, gram_matrix.values)
        assert maps.shape == (len(fold.rows), classes, CELLS) and maps.dtype == np.float32
        np.testing.assert_allclose(maps.sum(axis=2), expected, atol=1e-4 * abs(expected).max())


def test_a_cell_of_averaged_features_has_an_equal_share_of_the_average(fitted):
    cells = features()
    rows, gram_matrix, (fold, _) = fitted(cells.mean(axis=1), 3)
    one = np.repeat(cells[:1].mean(axis=1, keepdims=True), CELLS, axis=1)
    one[0, 4] += 1
    maps = pooled_maps(fold.fit, gram_matrix.values, rows, one)
    found, _ = coefficients(fold.fit, gram_matrix.values, rows)
    rise = (found - found.mean(axis=0)).sum(axis=1) / CELLS
    np.testing.assert_allclose(maps[0, :, 4] - maps[0, :, 3], rise, atol=1e-5)
    np.testing.assert_allclose(maps[0, :, 3], maps[0, :, 0], atol=1e-6)


def test_binomial_values_are_split_between_two_classes_and_multinomial_values_are_centred():
    np.testing.assert_array_equal(per_class(np.array([[4.0, -2.0]])), [[-2, 1], [2, -1]])
    np.testing.assert_array_equal(per_class(np.array([[1.0], [2.0], [6.0]])), [[-2], [-1], [3]])
