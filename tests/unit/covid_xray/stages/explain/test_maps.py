"""Maps add up to the logits: compared with coefficients and means over whole feature vectors."""

import numpy as np
import pytest
from covid_xray.stages.explain.maps import flat_maps, per_class, pooled_maps
from logistic.batched import fit_many
from logistic.rows import Block, Fit, Labels, RowsInMemory

IMAGES, CELLS, CHANNELS = 40, 9, 6


@pytest.fixture
def fitted():
    """Fit the two folds of a split on given features; return them with their models and all rows."""

    def fit(matrix, classes):
        codes = matrix[:, :classes].argmax(axis=1)
        folds = np.arange(len(matrix)) % 3 % 2
        labels, numbers = Labels(codes[:, None], folds[:, None]), np.arange(len(matrix))
        blocks = [Block(matrix[part], labels[part], numbers[part]) for part in (slice(25, 40), slice(25))]
        rows, fits = RowsInMemory(blocks), [Fit(0, 0, 0), Fit(0, 0, 1)]
        return labels, rows, fits, fit_many(rows, fits, [classes], 0.05)

    return fit


def features(seed=1):
    return np.random.default_rng(seed).gamma(2.0, 3.0, (IMAGES, CELLS, CHANNELS)).astype(np.float32)


def logits_above_the_mean_image(model, matrix):
    """Return centred logits minus those of the mean training image."""
    coefficients = per_class(model.coefficients)
    return (matrix - model.mean) @ coefficients.T


@pytest.mark.parametrize("classes", [2, 3])
def test_a_map_sums_to_the_centred_logit_minus_that_of_the_mean_training_image(fitted, classes):
    matrix = features().reshape(IMAGES, -1)
    labels, rows, fits, models = fitted(matrix, classes)
    for found in rows.each(flat_maps(fits, models, CHANNELS)):
        for fit, model, numbers, maps in zip(fits, models, found[::2], found[1::2], strict=True):
            assert fit.held_out(labels)[numbers].all()
            assert maps.shape == (len(numbers), classes, CELLS) and maps.dtype == np.float32
            expected = logits_above_the_mean_image(model, matrix[numbers])
            np.testing.assert_allclose(maps.sum(axis=2), expected, atol=1e-4 * abs(expected).max())


@pytest.mark.parametrize("classes", [2, 3])
def test_a_cell_is_the_product_of_its_coefficients_and_its_features(fitted, classes):
    matrix = features().reshape(IMAGES, -1)
    _, rows, fits, models = fitted(matrix, classes)
    explained = set()
    for found in rows.each(flat_maps(fits, models, CHANNELS)):
        for model, numbers, maps in zip(models, found[::2], found[1::2], strict=True):
            each = (matrix[numbers] - model.mean)[:, None] * per_class(model.coefficients)
            expected = each.reshape(len(numbers), classes, CELLS, CHANNELS).sum(axis=3)
            np.testing.assert_allclose(maps, expected, atol=1e-5 * abs(expected).max())
            explained |= set(numbers.tolist())
    assert explained == set(range(IMAGES))


@pytest.mark.parametrize("classes", [2, 3])
def test_a_map_of_averaged_features_sums_to_the_logit_of_the_average(fitted, classes):
    cells = features()
    _, _, _, models = fitted(cells.mean(axis=1), classes)
    for model in models:
        maps = pooled_maps(model, cells)
        expected = logits_above_the_mean_image(model, cells.mean(axis=1))
        assert maps.shape == (IMAGES, classes, CELLS) and maps.dtype == np.float32
        np.testing.assert_allclose(maps.sum(axis=2), expected, atol=1e-4 * abs(expected).max())


def test_a_cell_of_averaged_features_has_an_equal_share_of_the_average(fitted):
    cells = features()
    _, _, _, (model, _) = fitted(cells.mean(axis=1), 3)
    one = np.repeat(cells[:1].mean(axis=1, keepdims=True), CELLS, axis=1)
    one[0, 4] += 1
    maps = pooled_maps(model, one)
    rise = per_class(model.coefficients).sum(axis=1) / CELLS
    np.testing.assert_allclose(maps[0, :, 4] - maps[0, :, 3], rise, atol=1e-5)
    np.testing.assert_allclose(maps[0, :, 3], maps[0, :, 0], atol=1e-6)


def test_binomial_values_are_split_between_two_classes_and_multinomial_values_are_centred():
    np.testing.assert_array_equal(per_class(np.array([[4.0, -2.0]])), [[-2, 1], [2, -1]])
    np.testing.assert_array_equal(per_class(np.array([[1.0], [2.0], [6.0]])), [[-2], [-1], [3]])
