"""Maps add up to the logits: compared with coefficients and means over whole feature vectors."""

import numpy as np
import pytest
from covid_xray.stages.explain.maps import flat_maps, per_class, pooled_maps, projected_maps
from logistic.batched import fit_many
from logistic.rows import Block, Fit, Labels, RowsInMemory
from sparkdl.projection import project

IMAGES, CELLS, CHANNELS = 40, 9, 6


@pytest.fixture
def fitted():
    """Fit the two folds of a split on given features; return them with their models and all rows."""

    def fit(matrix, classes, labelled_by=None):
        codes = (matrix if labelled_by is None else labelled_by)[:, :classes].argmax(axis=1)
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


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize(
    ("maps_of", "pooled"),
    [
        (pooled_maps, lambda cells: cells.mean(axis=1)),
        (projected_maps, lambda cells: cells.reshape(IMAGES, -1)),
    ],
)
def test_a_map_of_projected_features_sums_to_the_logit_of_the_projection(fitted, classes, maps_of, pooled):
    cells = features()
    projected = project(pooled(cells), 5)
    _, _, _, models = fitted(projected, classes, labelled_by=cells.mean(axis=1))
    for model in models:
        maps = maps_of(model, cells)
        expected = logits_above_the_mean_image(model, projected)
        assert maps.shape == (IMAGES, classes, CELLS) and maps.dtype == np.float32
        np.testing.assert_allclose(maps.sum(axis=2), expected, atol=1e-4 * abs(expected).max())


def test_a_cell_of_projected_features_adds_what_its_own_projection_adds(fitted):
    cells = features()
    flat = cells.reshape(IMAGES, -1)
    _, _, _, (model, _) = fitted(project(flat, 5), 3, labelled_by=flat)
    one = cells[:1].copy()
    one[0, 2] += 1
    change = np.zeros((1, CELLS, CHANNELS), np.float32)
    change[0, 2] = 1
    rise = project(change.reshape(1, -1), 5) @ per_class(model.coefficients).T
    difference = projected_maps(model, one) - projected_maps(model, cells[:1])
    np.testing.assert_allclose(difference[0, :, 2], rise[0], atol=1e-5)
    assert np.abs(np.delete(difference, 2, axis=2)).max() == 0


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
