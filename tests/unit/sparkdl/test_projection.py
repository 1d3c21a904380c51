import hashlib

import numpy as np
import pytest
from sparkdl.projection import VERSION, expand, project, projected_length

SHAPES = [(7, 3), (25, 5), (25, 24), (100, 1), (1, 1), (5, 9)]


def noise(rows, length, seed=1):
    return np.random.default_rng(seed).normal(size=(rows, length)).astype(np.float32)


def as_matrix(length, dimensionality):
    """Return the projection as a matrix of shape (d, k)."""
    return project(np.eye(length, dtype=np.float32), dimensionality)


def test_the_values_of_this_version_stay_as_they_are_in_stored_features():
    assert VERSION == 1
    assert project(np.arange(1, 8, dtype=np.float32)[None], 3).tolist() == [[9, 5, -8]]
    # Whole numbers, so that no rounding depends on the order of a sum: VGG16's length, and Xception's.
    for length, digest in ((25_088, "e81bc6ed754096f7"), (204_800, "d9f2e81dea01bd0e")):
        found = project((np.arange(length) % 251).astype(np.float32)[None], 2048)
        assert hashlib.sha256(found.astype("<i4").tobytes()).hexdigest()[:16] == digest


@pytest.mark.parametrize(("length", "dimensionality"), SHAPES)
def test_each_feature_is_in_one_bucket_with_its_sign_and_buckets_are_of_equal_size(length, dimensionality):
    matrix = as_matrix(length, dimensionality)
    assert matrix.shape == (length, projected_length(length, dimensionality))
    assert (np.abs(matrix).sum(axis=1) == 1).all() and set(matrix.ravel()) <= {-1, 0, 1}
    sizes = np.abs(matrix).sum(axis=0)
    assert sizes.min() >= 1 and sizes.max() - sizes.min() <= 1


@pytest.mark.parametrize(("length", "dimensionality"), SHAPES)
def test_it_is_linear_and_the_same_for_each_row(length, dimensionality):
    one, other = noise(4, length), noise(4, length, seed=2)
    projected = project(one, dimensionality)
    assert projected.dtype == np.float32
    np.testing.assert_allclose(projected, one @ as_matrix(length, dimensionality), atol=1e-5)
    both = project(2 * one - other, dimensionality)
    np.testing.assert_allclose(both, 2 * projected - project(other, dimensionality), atol=1e-5)
    np.testing.assert_array_equal(project(one[1:2], dimensionality), projected[1:2])


@pytest.mark.parametrize("dimensionality", [None, 9, 10, 2**31 - 1])
def test_no_more_features_than_there_are_leave_them_as_they_are(dimensionality):
    features = noise(2, 9)
    assert projected_length(9, dimensionality) == 9
    assert project(features, dimensionality) is features
    assert expand(features, 9) is features


@pytest.mark.parametrize("dimensionality", [128, 2048])
def test_inner_products_keep_their_mean_and_err_as_theory_says(dimensionality):
    length, bound = 6272, np.sqrt(2 / dimensionality)
    # As features after a rectifier, whose products are far from 0; and vectors that have little in common.
    for features, share in ((np.maximum(noise(60, length), 0), 1.5), (noise(60, length), 1.0)):
        lengths = np.linalg.norm(features, axis=1)
        projected = project(features, dimensionality)
        relative = (projected @ projected.T - features @ features.T) / np.outer(lengths, lengths)
        errors = relative[np.triu_indices(60, 1)]
        assert np.sqrt((errors**2).mean()) < share * bound
    # Of these, errors hardly depend on each other.
    assert abs(errors.mean()) < 0.1 * bound and errors.std() > 0.5 * bound


@pytest.mark.parametrize(("length", "dimensionality"), SHAPES)
def test_expanded_coefficients_give_on_all_features_what_they_give_on_projected_ones(length, dimensionality):
    features = noise(3, length)
    k = projected_length(length, dimensionality)
    coefficients = np.random.default_rng(3).normal(size=(2, k))
    expanded = expand(coefficients, length)
    assert expanded.shape == (2, length) and expanded.dtype == coefficients.dtype
    expected = project(features, dimensionality) @ coefficients.T
    np.testing.assert_allclose(features @ expanded.T, expected, atol=1e-4)
    np.testing.assert_array_equal(expanded, coefficients @ as_matrix(length, dimensionality).T)
