"""What classifiers of a baseline are fitted on."""

import numpy as np
import pytest
from covid_xray.evaluation.baselines import axes as module
from covid_xray.evaluation.baselines.axes import fit_axes
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


@pytest.fixture(autouse=True)
def few_axes(monkeypatch):
    """Eight axes, and blocks that do not divide the rows."""
    monkeypatch.setattr(module, "_AXES", 8)
    monkeypatch.setattr(module, "_BLOCK_ROWS", 37)


@pytest.fixture
def pixels():
    """Pictures of 20 pixels, neighbours alike and one always black."""
    random = np.random.default_rng(1)
    smooth = random.normal(size=(20, 20)).cumsum(axis=0)
    found = (128 + 10 * random.normal(size=(500, 20)) @ smooth).clip(0, 255).astype(np.uint8)
    found[:, 7] = 0
    return found


def scikit_learns(fitted_on, shown):
    """The axes by a decomposition of all rows at once."""
    fitted = make_pipeline(StandardScaler(), PCA(8, svd_solver="full")).fit(fitted_on.astype(float))
    return fitted.transform(shown.astype(float))


@pytest.mark.parametrize("rows", [100, 199, 200, 400])
def test_axes_of_few_rows_and_of_many_are_scikit_learns(pixels, rows):
    turn = fit_axes(pixels[:rows], are_pixels=True)
    found = turn(pixels)
    assert found.shape == (500, 8) and found.dtype == np.float64
    np.testing.assert_allclose(found, scikit_learns(pixels[:rows], pixels), atol=1e-9)


def test_many_rows_are_never_decomposed_as_a_whole(pixels, monkeypatch):
    def decomposed(self, rows, y=None):
        raise AssertionError(f"{len(rows)} rows at once")

    monkeypatch.setattr(PCA, "fit", decomposed)
    assert fit_axes(pixels[:200], are_pixels=True)(pixels[:3]).shape == (3, 8)
    with pytest.raises(AssertionError, match="199 rows"):
        fit_axes(pixels[:199], are_pixels=True)


def test_a_few_columns_are_standardised_and_nothing_else(pixels):
    found = fit_axes(pixels, are_pixels=False)(pixels)
    expected = (pixels - pixels.mean(axis=0)) / np.where(np.arange(20) == 7, 1, pixels.std(axis=0))
    np.testing.assert_allclose(found, expected, atol=1e-12)
