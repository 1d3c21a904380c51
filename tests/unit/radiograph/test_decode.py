import io

import numpy as np
import pytest
from PIL import Image
from radiograph import Reason, Refused, limits, open_xray

SIZE = (48, 40)


@pytest.fixture
def ramp():
    """Grey values that rise from left to right."""
    return np.tile(np.linspace(10, 240, SIZE[0]).astype(np.uint8), (SIZE[1], 1))


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def refused(data: bytes) -> Reason:
    with pytest.raises(Refused) as refusal:
        open_xray(data)
    assert "\n" not in str(refusal.value)
    return refusal.value.reason


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_plain_file_is_not_encoded_again(ramp, kind, mode):
    data = encoded(Image.fromarray(ramp).convert(mode), kind)
    xray = open_xray(data)
    assert xray.content() == data
    assert (xray.format, xray.mode, xray.picture.mode, xray.file_size) == (kind, mode, mode, len(data))
    assert (xray.width, xray.height) == SIZE


@pytest.mark.parametrize("kind", ["TIFF", "BMP", "GIF", "WEBP", "JPEG2000"])
def test_other_formats_become_png(ramp, kind):
    options = {"lossless": True} if kind == "WEBP" else {}
    xray = open_xray(encoded(Image.fromarray(ramp), kind, **options))
    assert xray.format == kind
    assert Image.open(io.BytesIO(xray.content())).format == "PNG"
    np.testing.assert_allclose(np.asarray(xray.picture.convert("L"), int), ramp.astype(int), atol=1)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_pixels_are_blended_with_black(ramp, mode):
    image = Image.fromarray(ramp).convert(mode)
    alpha = np.full(ramp.shape, 255, np.uint8)
    alpha[:, :10] = 0
    image.putalpha(Image.fromarray(alpha))
    picture = open_xray(encoded(image)).picture
    assert picture.mode == {"RGBA": "RGB", "LA": "L"}[mode]
    pixels = np.asarray(picture.convert("L"))
    assert (pixels[:, :10] == 0).all()
    np.testing.assert_array_equal(pixels[:, 10:], ramp[:, 10:])


def test_a_grey_palette_is_grey_and_a_coloured_one_is_not(ramp):
    grey = Image.fromarray(ramp)
    assert open_xray(encoded(grey.convert("P"))).picture.mode == "L"
    coloured = grey.convert("P")
    coloured.putpalette([value for grey in range(256) for value in (grey, 255 - grey, 0)])
    assert open_xray(encoded(coloured)).picture.mode == "RGB"


def test_one_bit_and_cmyk_pictures_are_accepted(ramp):
    assert open_xray(encoded(Image.fromarray(ramp).convert("1"))).picture.mode == "L"
    assert open_xray(encoded(Image.fromarray(ramp).convert("CMYK"), "JPEG")).picture.mode == "RGB"


@pytest.mark.parametrize(
    ("dtype", "top"), [(np.uint16, 65535), (np.uint16, 4095), (np.int32, 100_000), (np.float32, 1)]
)
def test_more_than_eight_bits_are_scaled_not_clipped(ramp, dtype, top):
    deep = (ramp.astype(np.float64) / 255 * top).astype(dtype)
    pixels = np.asarray(open_xray(encoded(Image.fromarray(deep), "TIFF")).picture, float)
    low, high = float(deep.min()), float(deep.max())
    np.testing.assert_allclose(pixels, (deep - low) / (high - low) * 255, atol=0.51)


def test_a_rotated_picture_is_turned_upright(ramp):
    exif = Image.Exif()
    exif[0x0112] = 6
    xray = open_xray(encoded(Image.fromarray(ramp), "JPEG", exif=exif, quality=95))
    assert (xray.width, xray.height) == (SIZE[1], SIZE[0])
    stored = Image.open(io.BytesIO(xray.content()))
    assert stored.size == (SIZE[1], SIZE[0]) and not dict(stored.getexif())
    # Rotated by 90 degrees, the ramp rises from top to bottom.
    assert np.asarray(stored)[0].mean() < 30 and np.asarray(stored)[-1].mean() > 220


def test_an_encoded_picture_holds_no_text(ramp):
    image = Image.fromarray(ramp)
    image.info["comment"] = b"DOE^JANE"
    assert b"DOE" not in open_xray(encoded(image, "GIF", comment=b"DOE^JANE")).content()


def test_a_file_that_is_not_a_usable_picture_is_refused_with_its_reason(ramp):
    whole = encoded(Image.fromarray(ramp))
    assert refused(b"") == Reason.empty
    assert refused(b"<html>404</html>") == Reason.not_an_image
    assert refused(whole[: len(whole) // 2]) == Reason.truncated
    assert refused(encoded(Image.fromarray(ramp), "JPEG")[:-200]) == Reason.truncated
    assert refused(encoded(Image.new("L", SIZE, 7))) == Reason.blank
    assert refused(encoded(Image.new("I;16", SIZE, 7))) == Reason.blank
    assert refused(encoded(Image.new("RGB", SIZE, (3, 90, 7)))) == Reason.blank
    assert refused(encoded(Image.fromarray(ramp[:20]))) == Reason.too_small


@pytest.mark.parametrize("kind", ["GIF", "TIFF"])
def test_several_frames_are_refused(ramp, kind):
    other = Image.fromarray(255 - ramp)
    assert (
        refused(encoded(Image.fromarray(ramp), kind, save_all=True, append_images=[other]))
        == Reason.multi_frame
    )


def test_pixels_that_are_not_finite_are_refused(ramp):
    values = ramp.astype(np.float32)
    values[3, 3] = np.nan
    assert refused(encoded(Image.fromarray(values), "TIFF")) == Reason.unreadable


def test_an_error_whose_message_is_a_number_is_reported_with_its_type(ramp):
    whole = encoded(Image.fromarray(ramp), "TIFF", compression="tiff_adobe_deflate")
    with pytest.raises(Refused, match="damaged: OSError -2"):
        open_xray(whole[:40] + b"\xff" * 40 + whole[80:])


def test_a_decompression_bomb_is_refused_on_its_header_without_decoding(monkeypatch):
    bomb = encoded(Image.new("1", (20_000, 20_000)))
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    assert refused(bomb) == Reason.too_large
    assert limits.MAX_PIXELS < 20_000**2


def test_truncated_or_changed_bytes_raise_no_other_error(ramp):
    random = np.random.default_rng(2)
    for kind in ("PNG", "JPEG", "TIFF", "GIF"):
        whole = encoded(Image.fromarray(ramp), kind)
        for _ in range(40):
            damaged = bytearray(whole)
            for place in random.integers(0, len(whole), 5):
                damaged[place] = random.integers(0, 256)
            try:
                open_xray(bytes(damaged[: random.integers(1, len(whole) + 1)]))
            except Refused as refusal:
                assert refusal.reason in Reason


def test_a_refusal_can_be_pickled():
    import pickle

    again = pickle.loads(pickle.dumps(Refused(Reason.blank, "all equal")))
    assert (again.reason, again.detail, str(again)) == (Reason.blank, "all equal", "blank: all equal")
