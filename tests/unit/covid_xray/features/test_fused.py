"""All networks together, as one matrix would be."""

import numpy as np
import pytest
from covid_xray.features.fused import FusedKernel
from covid_xray.features.gram import GramMatrix
from logistic.row_space import common_scale

ROWS = np.arange(6)


@pytest.fixture
def features():
    """Two networks' features of eight images, one much wider and larger than the other."""
    random = np.random.default_rng(2)
    return random.gamma(2, 50, (8, 40)), random.gamma(2, 1, (8, 3))


def products(values, ids="abcdefgh"):
    return GramMatrix(tuple(ids), values.shape[1], values @ values.T)


def test_it_is_the_matrix_of_scaled_features_side_by_side(features):
    inner, scale = FusedKernel.of_common_images([products(f) for f in features]).for_training_rows(ROWS)
    totals = [f[ROWS].var(axis=0, ddof=1).sum() for f in features]
    beside = np.hstack([f * np.sqrt(43 / 2 / total) for f, total in zip(features, totals, strict=True)])
    np.testing.assert_allclose(inner, beside @ beside.T, rtol=1e-12)
    assert scale == 1.0 and common_scale(inner, ROWS, 43) == pytest.approx(1)


def test_held_out_rows_have_no_part_in_the_scale(features):
    changed = [f.copy() for f in features]
    changed[0][7] *= 100
    before, after = (
        FusedKernel.of_common_images([products(f) for f in found]).for_training_rows(ROWS)[0]
        for found in (features, changed)
    )
    np.testing.assert_array_equal(before[np.ix_(ROWS, ROWS)], after[np.ix_(ROWS, ROWS)])


def test_only_images_that_all_have_are_used(features):
    wide, narrow = features
    both = FusedKernel.of_common_images([products(wide), products(narrow[1:], ids="hgfedcb")])
    assert both.ids == tuple("bcdefgh")
    # The same products in the other order, to the last bit: they are chosen, not computed again.
    np.testing.assert_array_equal(both.networks[1].values, products(narrow[1:]).values[::-1, ::-1])
