import io

import numpy as np
import pytest
from covid_xray.errors import DataError
from covid_xray.evaluation.lung_box import Box
from covid_xray.evaluation.overlay import overlay_png
from PIL import Image

SIZE = 64
# In the middle of the four quarters there is no line.
EVERYTHING = Box(0.0, 0.0, 1.0, 1.0)


@pytest.fixture
def grey():
    """A wide picture of one shade of grey, as a file."""
    file = io.BytesIO()
    Image.new("L", (120, 50), 100).save(file, "PNG")
    return file.getvalue()


def drawn(*args, box=EVERYTHING):
    return np.asarray(Image.open(io.BytesIO(overlay_png(*args, box=box))).convert("RGB")).astype(int)


def test_what_speaks_for_a_class_is_orange_and_what_speaks_against_it_purple(grey):
    pixels = drawn(grey, SIZE, np.array([[1.0, -1.0], [0.0, 0.0]], np.float32), 1.0)
    assert pixels.shape == (SIZE, SIZE, 3)
    red, green, blue = pixels[5, 5]
    assert red > green > blue
    red, green, blue = pixels[5, -6]
    assert blue > red > green


def test_where_a_map_says_nothing_the_picture_shows(grey):
    pixels = drawn(grey, SIZE, np.zeros((7, 7), np.float32), 1.0)
    assert (pixels[1:-1, 1:-1] == 100).all()


def test_the_scale_is_the_value_of_the_strongest_colour(grey):
    map_ = np.full((7, 7), 0.5, np.float32)
    faint, strong, beyond = (drawn(grey, SIZE, map_, scale)[30, 30] for scale in (5.0, 0.5, 0.1))
    assert (strong == beyond).all() and np.ptp(strong) > np.ptp(faint) > 0


def test_the_map_is_smooth_and_lies_where_its_cells_are(grey):
    map_ = np.zeros((4, 4), np.float32)
    map_[1, 2] = 1
    hue = np.ptp(drawn(grey, SIZE, map_, 1.0), axis=2)
    row, column = np.unravel_index(hue.argmax(), hue.shape)
    assert 16 <= row < 32 and 32 <= column < 48
    assert len(np.unique(hue)) > 10


def test_the_box_is_drawn_as_a_white_line(grey):
    pixels = drawn(grey, 101, np.zeros((7, 7), np.float32), 1.0, box=Box(0.1, 0.2, 0.9, 0.8))
    white = np.argwhere((pixels == 255).all(axis=2))
    assert white.min(axis=0).tolist() == [20, 10] and white.max(axis=0).tolist() == [80, 90]
    assert len(white) == 2 * 81 + 2 * 59


def test_equal_maps_are_equal_files(grey):
    map_ = np.random.default_rng(1).standard_normal((7, 7)).astype(np.float32)
    assert overlay_png(grey, SIZE, map_, 2.0) == overlay_png(grey, SIZE, map_, 2.0)


def test_a_picture_that_cannot_be_opened_is_an_error():
    with pytest.raises(DataError, match="cannot be opened"):
        overlay_png(b"no picture", SIZE, np.zeros((7, 7), np.float32), 1.0)
