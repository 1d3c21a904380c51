"""The fused kernel equals the Gram matrix of concatenated, scaled features."""

import numpy as np
import pyarrow as pa
import pytest
from covid_xray.errors import StageError
from covid_xray.features.gram import FusedKernel, GramMatrix, to_kernel
from logistic.row_space import common_scale

ROWS = np.arange(6)


@pytest.fixture
def features():
    """Two networks' features of eight images, one much wider and larger than the other."""
    random = np.random.default_rng(2)
    return random.gamma(2, 50, (8, 40)), random.gamma(2, 1, (8, 3))


def gram_matrix(values, ids="abcdefgh"):
    return GramMatrix(tuple(ids), values.shape[1], values @ values.T)


def fused(networks):
    return FusedKernel(tuple(gram_matrix(features) for features in networks))


def test_the_fused_kernel_is_the_gram_matrix_of_scaled_concatenated_features(features):
    inner, scale = fused(features).for_training_rows(ROWS)
    totals = [f[ROWS].var(axis=0, ddof=1).sum() for f in features]
    concatenated = np.hstack([f * np.sqrt(43 / 2 / total) for f, total in zip(features, totals, strict=True)])
    np.testing.assert_allclose(inner, concatenated @ concatenated.T, rtol=1e-12)
    assert scale == 1.0 and common_scale(inner, ROWS, 43) == pytest.approx(1)


def test_held_out_rows_do_not_affect_the_scale(features):
    changed = [f.copy() for f in features]
    changed[0][7] *= 100
    before, after = (fused(matrices).for_training_rows(ROWS)[0] for matrices in (features, changed))
    np.testing.assert_array_equal(before[np.ix_(ROWS, ROWS)], after[np.ix_(ROWS, ROWS)])


def test_rows_of_the_table_become_the_kernel_of_the_images_asked_for(features):
    matrices = [gram_matrix(features[0]), gram_matrix(features[1], ids="hgfedcba")]
    rows = [
        {"image_ids": list(one.ids), "length": one.columns, "products": one.values.tobytes()}
        | {"backbone": name, "weights_id": "w"}
        for name, one in zip("XY", matrices, strict=True)
    ]
    single = to_kernel(pa.Table.from_pylist(rows[:1]), tuple("cab"))
    np.testing.assert_array_equal(single.values, matrices[0].values[np.ix_([2, 0, 1], [2, 0, 1])])
    both = to_kernel(pa.Table.from_pylist(rows[::-1]), tuple("abcdefgh"))
    # Bit-for-bit equal after reordering: entries are selected, not computed again.
    np.testing.assert_array_equal(both.networks[1].values, matrices[1].values[::-1, ::-1])
    assert [network.columns for network in both.networks] == [40, 3]

    twice = to_kernel(pa.Table.from_pylist([rows[0], rows[0]]), tuple("abcdefgh"))
    np.testing.assert_array_equal(twice.values, matrices[0].values)
    with pytest.raises(StageError, match="the Gram matrix of X was replaced by another run"):
        to_kernel(pa.Table.from_pylist(rows[:1]), ("a", "z"))
