"""A TIFF opens with the polarity, the sign and the byte order that it states, whatever Pillow knows of it."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image
from radiograph import Reason, Refused, open_xray

from tests.corpus.chest import chest
from tests.corpus.pictures import encoded, raw_tiff

# Values that span the type, or a part of it, in the middle.
TYPES = {
    "uint8": (0, 255),
    "uint16": (0, 65_535),
    "12 bits in uint16": (0, 4095),
    "int16": (-1000, 3000),
    "int32": (-100_000, 100_000),
    "uint32": (0, 2**32 - 1),
    "float32": (-1.5, 2.5),
}


def valued(kind: str, falling: bool) -> np.ndarray:
    low, high = TYPES[kind]
    dtype = np.dtype(kind.split()[-1])
    values = low + (high - low) * (1 - chest() if falling else chest())
    return (values if dtype.kind == "f" else np.rint(values)).astype(dtype)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("falling", [False, True])
@pytest.mark.parametrize("kind", TYPES)
def test_the_picture_is_the_one_it_was_made_from(kind, falling, order):
    if kind == "uint32" and order == ">":
        pytest.skip("Pillow knows no such file, and it is refused")
    data = raw_tiff(valued(kind, falling), order, photometric=0 if falling else 1)
    picture = np.asarray(open_xray(data).picture, float)
    np.testing.assert_allclose(picture, chest() * 255, atol=1)


def test_signed_bytes_are_values_and_not_the_bytes_of_unsigned_ones():
    values = np.rint(chest() * 200 - 100).astype(np.int8)
    picture = np.asarray(open_xray(raw_tiff(values)).picture, float)
    np.testing.assert_allclose(picture, chest() * 255, atol=1.3)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_a_compressed_negative_is_inverted_too(compression):
    deep = Image.fromarray(valued("uint16", falling=True))
    data = encoded(deep, "TIFF", compression=compression, tiffinfo={262: 0})
    np.testing.assert_allclose(np.asarray(open_xray(data).picture, float), chest() * 255, atol=1)


@pytest.mark.parametrize("kind", ["uint16", "int32", "float32"])
def test_a_few_hot_and_dead_pixels_set_no_scale(kind):
    low, high = TYPES[kind]
    values = valued(kind, falling=False) / 8
    values[3, 3], values[40, 30], values[60, 5] = high, high, low
    picture = np.asarray(open_xray(raw_tiff(values.astype(kind))).picture, float)
    expected = chest() * 255
    assert np.corrcoef(picture.ravel(), expected.ravel())[0, 1] >= 0.99
    assert len(np.unique(picture)) >= 200 and abs(picture.mean() - expected.mean()) <= 3


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
def test_a_picture_that_is_equal_but_for_a_few_pixels_is_blank(kind):
    values = np.full((72, 64), 7, kind)
    values[20, 20:26] = 200
    with pytest.raises(Refused) as refusal:
        open_xray(raw_tiff(values))
    assert refusal.value.reason == Reason.blank


def test_a_damaged_directory_is_refused():
    data = raw_tiff(valued("uint16", falling=True), photometric=0)
    for cut in (9, len(data) - 90):
        with pytest.raises(Refused):
            open_xray(data[:cut])
    with pytest.raises(Refused, match="damaged, cut off, or of an unsupported kind"):
        open_xray(raw_tiff(chest()))


@pytest.mark.parametrize("kind", ["uint8", "uint16"])
def test_without_a_photometric_interpretation_0_is_black(kind):
    data = raw_tiff(valued(kind, falling=False))
    entry = struct.pack("<HHI", 262, 3, 1)
    assert entry in data
    # An unused tag in its place.
    data = data.replace(entry, struct.pack("<HHI", 261, 3, 1))
    np.testing.assert_allclose(np.asarray(open_xray(data).picture, float), chest() * 255, atol=1)


def test_a_file_that_lacks_strips_is_truncated_and_not_black():
    data = raw_tiff(valued("uint8", falling=False))
    # Ten rows a strip, where the file has one strip.
    rows = struct.pack("<HHIHH", 278, 3, 1, 72, 0)
    assert rows in data
    with pytest.raises(Refused) as refusal:
        open_xray(data.replace(rows, struct.pack("<HHIHH", 278, 3, 1, 10, 0)))
    assert (refusal.value.reason, refusal.value.detail) == (Reason.truncated, "it has 1 of 8 strips or tiles")
