"""A picture has one identity in all formats, and a signature that copies of it share nearly."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageOps
from radiograph import SIGNATURE_SIDE, open_xray, pixel_id, signature

from tests.corpus.chest import chest, chest_file
from tests.corpus.dicom import written
from tests.corpus.pictures import encoded, picture

CHEST = Image.fromarray(np.rint(chest() * 255).astype(np.uint8))


def id_of(data: bytes) -> str:
    return pixel_id(open_xray(data).picture)


def test_a_picture_has_one_id_with_and_without_a_comment_and_in_every_lossless_format():
    jpeg = encoded(CHEST, "JPEG")
    decoded = Image.open(io.BytesIO(jpeg))
    same = [encoded(decoded, kind) for kind in ("PNG", "TIFF", "BMP")]
    commented = jpeg[:2] + b"\xff\xfe\0\x06note" + jpeg[2:]
    assert {id_of(data) for data in (jpeg, commented, *same)} == {id_of(jpeg)}


def test_grey_has_the_same_id_as_three_equal_colours_or_a_dicom_file():
    assert id_of(encoded(CHEST.convert("RGB"))) == id_of(encoded(CHEST))
    assert id_of(written(chest_file(8))) == id_of(encoded(CHEST))


def test_grey_that_does_not_span_the_range_has_the_same_id_in_depths_that_are_scaled_when_opened():
    narrow = np.rint(20 + chest() * 170).astype(np.uint8)
    dicom = chest_file(8, PixelData=narrow.tobytes())
    deep = encoded(Image.fromarray(narrow.astype(np.uint16) * 257))
    assert id_of(written(dicom)) == id_of(deep) == id_of(encoded(Image.fromarray(narrow)))


@pytest.mark.parametrize("change", [ImageOps.mirror, lambda image: image.rotate(90, expand=True)])
def test_another_picture_or_another_shape_has_another_id(change):
    assert pixel_id(change(CHEST)) != pixel_id(CHEST)
    ramp = np.arange(64 * 36, dtype=np.uint8)
    shapes = {pixel_id(Image.fromarray(ramp.reshape(shape))) for shape in ((64, 36), (36, 64))}
    assert len(shapes) == 2
    assert pixel_id(picture("one")) != pixel_id(picture("two"))


def correlation(one: Image.Image, other: Image.Image) -> float:
    grey = [np.frombuffer(signature(image), np.uint8).astype(float) for image in (one, other)]
    assert all(values.size == SIGNATURE_SIDE**2 for values in grey)
    return float(np.corrcoef(*grey)[0, 1])


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image.resize((200, 230)),
        lambda image: Image.open(io.BytesIO(encoded(image, "JPEG", quality=40))),
        lambda image: ImageOps.expand(image, 9),
        lambda image: image.point([round(255 * (value / 255) ** 0.7) for value in range(256)]),
        lambda image: image.convert("RGB"),
    ],
    ids=["resized", "encoded again", "black border", "brightened", "in colours"],
)
def test_the_signature_of_a_copy_is_nearly_the_same(change):
    assert correlation(CHEST, change(CHEST)) > 0.98
    assert correlation(CHEST, change(CHEST.rotate(90))) < 0.9


def test_a_picture_that_is_dark_but_for_a_spot_keeps_its_borders():
    dark = Image.new("L", (100, 100))
    dark.paste(200, (10, 10, 14, 14))
    assert len(signature(dark)) == SIGNATURE_SIDE**2
