"""The lung field of a picture does not depend on its border."""

import numpy as np
import pytest
from PIL import Image
from radiograph import lung_field


@pytest.fixture
def pixels():
    return np.random.default_rng(3).integers(0, 256, (100, 140), dtype=np.uint8)


def field(pixels) -> np.ndarray:
    return np.asarray(lung_field(Image.fromarray(pixels)))


def test_it_is_the_centre_of_the_centred_square(pixels):
    assert field(pixels).shape == (70, 70)
    assert field(pixels.T).shape == (70, 70)
    # One bright pixel at two corners of the crop, one just outside of each.
    marked = np.zeros((100, 140), np.uint8)
    marked[[15, 84], [35, 104]] = 255
    marked[[14, 85], [35, 104]] = 128
    assert np.argwhere(field(marked) == 255).tolist() == [[0, 0], [69, 69]]
    assert set(np.unique(field(marked))) == {0, 255}


def test_the_border_has_no_influence(pixels):
    other = 255 - pixels
    other[15:85, 35:105] = pixels[15:85, 35:105]
    np.testing.assert_array_equal(field(other), field(pixels))


def test_equal_pictures_give_equal_fields_whatever_their_exposure(pixels):
    np.testing.assert_array_equal(field(pixels // 4), field(pixels // 4 + 100))
    coloured = Image.fromarray(np.dstack([pixels] * 3))
    assert lung_field(coloured).mode == "L"
    np.testing.assert_array_equal(np.asarray(lung_field(coloured)), field(pixels))
