"""The fused kernel equals the Gram matrix of concatenated, scaled features."""

import numpy as np
import pytest
from covid_xray.features.gram import FusedKernel, GramMatrix
from logistic.row_space import common_scale

ROWS = np.arange(6)


@pytest.fixture
def features():
    """Two networks' features of eight images, one much wider and larger than the other."""
    random = np.random.default_rng(2)
    return random.gamma(2, 50, (8, 40)), random.gamma(2, 1, (8, 3))


def gram_matrix(values, ids="abcdefgh"):
    return GramMatrix(tuple(ids), values.shape[1], values @ values.T)


def test_the_fused_kernel_is_the_gram_matrix_of_scaled_concatenated_features(features):
    inner, scale = FusedKernel.of_common_images([gram_matrix(f) for f in features]).for_training_rows(ROWS)
    totals = [f[ROWS].var(axis=0, ddof=1).sum() for f in features]
    concatenated = np.hstack([f * np.sqrt(43 / 2 / total) for f, total in zip(features, totals, strict=True)])
    np.testing.assert_allclose(inner, concatenated @ concatenated.T, rtol=1e-12)
    assert scale == 1.0 and common_scale(inner, ROWS, 43) == pytest.approx(1)


def test_held_out_rows_do_not_affect_the_scale(features):
    changed = [f.copy() for f in features]
    changed[0][7] *= 100
    before, after = (
        FusedKernel.of_common_images([gram_matrix(f) for f in matrices]).for_training_rows(ROWS)[0]
        for matrices in (features, changed)
    )
    np.testing.assert_array_equal(before[np.ix_(ROWS, ROWS)], after[np.ix_(ROWS, ROWS)])


def test_only_images_that_all_networks_have_are_used(features):
    wide, narrow = features
    both = FusedKernel.of_common_images([gram_matrix(wide), gram_matrix(narrow[1:], ids="hgfedcb")])
    assert both.ids == tuple("bcdefgh")
    # Bit-for-bit equal after reordering: entries are selected, not computed again.
    np.testing.assert_array_equal(both.networks[1].values, gram_matrix(narrow[1:]).values[::-1, ::-1])
