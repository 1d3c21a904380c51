import numpy as np
import pytest
from covid_xray.stages.audit.pictures import border, look
from PIL import Image


@pytest.fixture
def pixels():
    """Noise in an odd shape, whose cells do not end where pixels do."""
    return np.random.default_rng(2).integers(0, 256, (203, 317)).astype(np.uint8)


def test_the_border_sees_nothing_of_the_centre(pixels):
    before = border(Image.fromarray(pixels))
    pixels[30:173, 48:269] = 255 - pixels[30:173, 48:269]
    np.testing.assert_array_equal(border(Image.fromarray(pixels)), before)
    assert len(before) == 32 * 32 - 22 * 22


@pytest.mark.parametrize("place", [(0, 0), (202, 316), (100, 0), (0, 150)])
def test_the_border_sees_every_edge(pixels, place):
    pixels[place] = 0
    before = border(Image.fromarray(pixels)).astype(int)
    pixels[max(0, place[0] - 8) :, max(0, place[1] - 8) :][:16, :16] = 255
    assert (border(Image.fromarray(pixels)) != before).any()


def test_a_thumbnail_is_the_mean_of_what_each_cell_covers():
    pixels = np.random.default_rng(3).integers(0, 256, (32 * 4, 32 * 6)).astype(np.uint8)
    found = np.frombuffer(look(Image.fromarray(pixels).convert("RGB"))["thumbnail"], np.uint8)
    expected = pixels.reshape(32, 4, 32, 6).mean(axis=(1, 3))
    np.testing.assert_allclose(found.reshape(32, 32), expected, atol=1)


@pytest.mark.parametrize("column", ["jpeg_bytes", "png_bytes"])
def test_what_compresses_well_is_told_by_both_sizes_whatever_the_size_of_the_picture(pixels, column):
    smooth = Image.fromarray(np.add.outer(np.arange(200), np.arange(40)).astype(np.uint8))
    assert look(smooth)[column] < look(Image.fromarray(pixels))[column] / 2
    assert look(smooth.resize((640, 3200)))[column] == pytest.approx(look(smooth)[column], rel=0.2)
