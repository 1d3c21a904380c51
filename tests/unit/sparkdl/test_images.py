import io

import numpy as np
import pytest
from PIL import Image
from sparkdl import SparkdlError
from sparkdl.images import SCALE_HINTS, to_input

BOX, NEAREST = Image.Resampling.BOX, Image.Resampling.NEAREST
FILTERS = dict.fromkeys(SCALE_HINTS, NEAREST) | {"SCALE_AREA_AVERAGING": BOX, "SCALE_SMOOTH": BOX}


@pytest.fixture
def colours():
    return np.random.default_rng(4).integers(0, 256, (37, 53, 3), dtype=np.uint8)


def encoded(pixels, kind="PNG"):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def struct(pixels, mode):
    """A row of Spark's image schema; colour is stored as BGR or BGRA."""
    order = {0: [0], 16: [2, 1, 0], 24: [2, 1, 0, 3]}[mode]
    stored = np.atleast_3d(pixels)[:, :, order]
    height, width, channels = stored.shape
    return {
        "origin": "",
        "height": height,
        "width": width,
        "nChannels": channels,
        "mode": mode,
        "data": stored.tobytes(),
    }


def area_average(pixels, size):
    """Exact area averaging: each target pixel is the mean of the area that it covers, fractions included."""

    def weights(length):
        edges = np.arange(size + 1) * length / size
        low, high = np.arange(length), np.arange(length) + 1
        covered = np.minimum(edges[1:, None], high) - np.maximum(edges[:-1, None], low)
        return np.clip(covered, 0, None) * size / length

    rows, columns = weights(pixels.shape[0]), weights(pixels.shape[1])
    return np.einsum("ri,ijc,kj->rkc", rows, pixels.astype(float), columns, optimize=True)


@pytest.mark.parametrize("hint", ["SCALE_AREA_AVERAGING", "SCALE_SMOOTH"])
def test_area_averaging_by_whole_factors_is_the_mean_of_blocks(hint):
    pixels = np.random.default_rng(1).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    np.testing.assert_allclose(to_input(encoded(pixels), 20, hint), area_average(pixels, 20), atol=1)


def test_area_averaging_by_fractional_factors_stays_within_two_grey_levels_on_smooth_images():
    # Pillow assigns a pixel to the target pixels that hold its centre; exact averaging splits it.
    down, across = np.mgrid[0:512, 0:384] / 384
    smooth = 127 + 60 * np.sin(5 * across) + 60 * np.cos(4 * down)
    pixels = np.stack([smooth, smooth, smooth], axis=2).astype(np.uint8)
    found = to_input(encoded(pixels), 224, "SCALE_AREA_AVERAGING")
    assert found.shape == (224, 224, 3) and found.dtype == np.uint8
    np.testing.assert_allclose(found, area_average(pixels, 224), atol=2)


@pytest.mark.parametrize("hint", ["SCALE_DEFAULT", "SCALE_FAST", "SCALE_REPLICATE"])
def test_the_other_hints_take_single_pixels(colours, hint):
    found = to_input(encoded(colours), 8, hint)
    known = {tuple(pixel) for pixel in colours.reshape(-1, 3)}
    assert {tuple(pixel) for pixel in found.reshape(-1, 3)} <= known
    assert hint in SCALE_HINTS


def test_a_struct_and_a_file_give_the_same(colours):
    one = to_input(struct(colours, 16), 37, "SCALE_DEFAULT")
    np.testing.assert_array_equal(one, to_input(encoded(colours), 37, "SCALE_DEFAULT"))


def test_grey_is_repeated_in_all_channels(colours):
    grey = colours[:, :, 0]
    for value in (struct(grey, 0), encoded(grey)):
        found = to_input(value, 37, "SCALE_DEFAULT")
        assert (found[:, :, 0] == found[:, :, 1]).all() and (found[:, :, 0] == found[:, :, 2]).all()


def test_transparent_pixels_are_blended_with_black(colours):
    alpha = np.full((37, 53, 1), 255, np.uint8)
    alpha[:, :20] = 0
    pixels = np.concatenate([colours, alpha], axis=2)
    for value in (struct(pixels, 24), encoded(pixels)):
        found = to_input(value, 37, "SCALE_DEFAULT")
        assert (found[:, :13] == 0).all() and found[:, 15:].any()


@pytest.fixture
def copied(monkeypatch):
    """The sizes of the pictures that Pillow copies."""
    sizes, copy = [], Image.Image.copy
    monkeypatch.setattr(Image.Image, "copy", lambda image: (sizes.append(image.size), copy(image))[1])
    return sizes


@pytest.mark.parametrize("hint", SCALE_HINTS)
def test_an_rgb_picture_is_not_copied_and_has_the_values_of_a_copy(colours, copied, hint):
    png, jpeg = encoded(colours), encoded(colours, "JPEG")
    for value in (png, jpeg, struct(colours, 16)):
        found = to_input(value, 20, hint)
        assert copied == []
        source = Image.open(io.BytesIO(jpeg if value is jpeg else png))
        resized = source.convert("RGB").resize((20, 20), FILTERS[hint]).convert("RGB")
        np.testing.assert_array_equal(found, np.asarray(resized))
        assert copied.pop() == (20, 20) and copied.pop() == (53, 37)


def test_sixteen_bits_are_scaled_not_clipped():
    deep = np.linspace(0, 4095, 64, dtype=np.uint16).reshape(8, 8)
    found = to_input(encoded(deep), 8, "SCALE_DEFAULT")[:, :, 0]
    np.testing.assert_allclose(found, deep / 4095 * 255, atol=1)


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"no picture",
        {"origin": "x", "height": -1, "width": -1, "nChannels": -1, "mode": -1, "data": b""},
        {"origin": "x", "height": 3, "width": 3, "nChannels": 3, "mode": 16, "data": b"too short"},
        {"origin": "x", "height": None, "width": None, "nChannels": None, "mode": None, "data": None},
    ],
)
def test_an_image_that_cannot_be_decoded_is_none(value):
    assert to_input(value, 8, "SCALE_DEFAULT") is None


@pytest.mark.parametrize(
    ("mode", "kind"), [(5, "CV_32FC1"), (21, "CV_32FC3"), (29, "CV_32FC4"), (2, "CV_16UC1"), (8, "CV_8UC2")]
)
def test_pixels_that_are_not_bytes_in_known_channels_are_an_error_that_names_their_mode(colours, mode, kind):
    row = struct(colours, 16) | {"mode": mode}
    with pytest.raises(
        SparkdlError, match=rf"mode {mode} \({kind}\): convert its pixels to one of 0 \(CV_8UC1\)"
    ):
        to_input(row, 20, "SCALE_FAST")
