"""A stored JPEG or PNG file has the pixels of the file as found, bit for bit, and no metadata."""

import io
import struct
import time
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from PIL import Image
from radiograph import Refused, open_xray
from radiograph.metadata import strip_metadata

from tests.corpus.mutations import mutated
from tests.corpus.named import WORDS, named, segment, tells, with_segment
from tests.corpus.pictures import arithmetic_jpeg, chunk, drawn, pixels, with_chunk

# What Pillow reports of a file without metadata.
OF_THE_CODING = {"jfif", "jfif_version", "jfif_unit", "jfif_density", "adobe", "adobe_transform"}
OF_THE_CODING |= {"progressive", "progression", "interlace"}

JPEGS = {
    "grey": {},
    "4:2:0": {"mode": "RGB", "subsampling": 2},
    "4:4:4": {"mode": "RGB", "subsampling": 0},
    "colours as RGB": {"mode": "RGB", "keep_rgb": True},
    "optimized": {"optimize": True},
    "progressive": {"mode": "RGB", "progressive": True},
    "restart markers": {"mode": "RGB", "restart_marker_blocks": 1},
    "restart markers in scans": {"mode": "RGB", "progressive": True, "restart_marker_rows": 1},
    "nearly lossless": {"quality": 100},
    "nearly nothing": {"quality": 1},
}


def opened(data: bytes) -> tuple[str, tuple[int, int], bytes]:
    """The mode, size and pixels that Pillow sees."""
    image = Image.open(io.BytesIO(data))
    return image.mode, image.size, image.tobytes()


def check(data: bytes) -> None:
    """A file is stored without being encoded again."""
    xray = open_xray(data)
    assert xray.content() is xray.stripped
    assert opened(xray.stripped) == opened(data)
    assert strip_metadata(xray.stripped, xray.format) == xray.stripped


def png(*chunks: bytes, depth: int = 8, interlaced: bool = False) -> bytes:
    """A grey PNG of 48 x 40 pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 48, 40, depth, 0, 0, 0, interlaced))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IEND", b"")


def packed(values) -> bytes:
    """Rows of a PNG, compressed."""
    return zlib.compress(b"".join(b"\0" + row.tobytes() for row in values))


def interlaced() -> bytes:
    """A PNG in the seven passes of Adam7; each is given by its first row and column and its steps."""
    passes = ("0088", "0488", "4084", "0244", "2042", "0122", "1021")
    grey = pixels("interlaced")
    rows = [row for y, x, down, right in (map(int, p) for p in passes) for row in grey[y::down, x::right]]
    return png(chunk(b"IDAT", packed(rows)), interlaced=True)


def in_pieces() -> bytes:
    """A PNG with several chunks of pixel data, as some encoders write it, one of them empty."""
    data = packed(pixels("pieces"))
    pieces = data[:100], b"", data[100:]
    return png(*(chunk(b"IDAT", piece) for piece in pieces))


def two_bits() -> bytes:
    return png(chunk(b"IDAT", packed(pixels("two bits")[:, :12])), depth=2)


def with_adobe(transform: int) -> bytes:
    """A colour JPEG in which only the Adobe segment tells how its colours are coded."""
    jpeg = drawn("adobe", "JPEG", "RGB", quality=90)
    return jpeg[:2] + segment(0xEE, b"Adobe\0\x64" + WORDS[:4] + bytes([transform]) + WORDS) + jpeg[20:]


@pytest.mark.parametrize("options", JPEGS.values(), ids=JPEGS)
def test_a_jpeg_keeps_its_pixels(options):
    check(drawn("options", "JPEG", **options))


def test_an_arithmetic_coded_jpeg_keeps_its_pixels():
    check(arithmetic_jpeg("arithmetic"))


def test_bytes_of_255_in_coded_pixels_do_not_end_the_picture():
    jpeg = drawn("noise", "JPEG", quality=100)
    assert b"\xff\x00" in jpeg
    check(jpeg)


def test_the_colour_coding_is_kept():
    files = [with_adobe(0), with_adobe(1)]
    assert opened(files[0]) != opened(files[1])
    for data in files:
        check(data)
        assert not tells(open_xray(data).content())


@pytest.mark.parametrize("make", [interlaced, in_pieces, two_bits])
def test_a_png_keeps_its_pixels(make):
    check(make())


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_png_without_metadata_is_unchanged(mode):
    data = drawn("plain", mode=mode)
    assert open_xray(data).content() == data


@pytest.mark.parametrize("name", named())
def test_no_metadata_is_stored(name):
    data = named()[name]
    content = open_xray(data).content()
    if name.endswith(("jpg", "png")):
        check(data)
    assert not tells(content)
    stored = Image.open(io.BytesIO(content))
    assert getattr(stored, "text", {}) == {} and set(stored.info) <= OF_THE_CODING


def test_an_opened_picture_has_no_metadata_that_could_be_saved_with_it():
    for data in named().values():
        assert open_xray(data).picture.info == {}


@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [("JPEG", "CMYK", {}), ("PNG", "P", {}), ("PNG", "1", {}), ("PNG", "LA", {}), ("PNG", "RGBA", {})],
)
def test_a_picture_that_decoders_may_show_differently_is_encoded_again(kind, mode, options):
    xray = open_xray(drawn("not plain", kind, mode, **options))
    assert xray.stripped is None and opened(xray.content())[2] == xray.picture.tobytes()


WHOLE = {"jpg": drawn("odd", "JPEG"), "png": drawn("odd")}
PIECES = [chunk(b"IDAT", part) for part in (packed(pixels("odd")), b"")]
TEXT, HEADER = chunk(b"tEXt", b"k\0" + WORDS), chunk(b"IHDR", WHOLE["png"][16:29] + WORDS)
FRAME = b"fcTL", struct.pack(">IIIIIHHBB", 0, 48, 40, 0, 0, 1, 1, 0, 0)
ODD = {
    "words between segments": WHOLE["jpg"][:20] + WORDS + WHOLE["jpg"][20:],
    "words before the header": WHOLE["png"][:8] + TEXT + WHOLE["png"][8:],
    "words within the header": WHOLE["png"][:8] + HEADER + WHOLE["png"][33:],
    "words among the pixels": png(PIECES[0], TEXT, PIECES[1]),
    "an unknown chunk that matters": with_chunk(WHOLE["png"], b"WORD", WORDS),
    "an animation of one frame": with_chunk(
        with_chunk(WHOLE["png"], *FRAME), b"acTL", b"\0\0\0\1\0\0\0\0" + WORDS
    ),
    "no end": WHOLE["png"][:-12],
}


@pytest.mark.parametrize("data", ODD.values(), ids=ODD)
def test_a_file_that_violates_its_format_is_encoded_again(data):
    xray = open_xray(data)
    content = xray.content()
    assert xray.stripped is None and not tells(content)
    assert opened(content) == opened(data) and Image.open(io.BytesIO(content)).format == "PNG"


def test_decoders_refuse_a_table_with_text_in_it():
    """That is why tables are kept unchanged, wherever they are in the file."""
    for marker in (0xC0, 0xC4, 0xDB, 0xDD):
        with pytest.raises(Refused):
            open_xray(with_segment(WHOLE["jpg"], marker, WORDS))
        with pytest.raises(Refused):
            open_xray(WHOLE["jpg"][:-2] + segment(marker, WORDS) + b"\xff\xd9")


def test_a_long_run_of_fill_bytes_takes_no_longer_than_other_bytes():
    begun = time.monotonic()
    assert strip_metadata(b"\xff\xd8" + segment(0xDA, b"") + b"\xff" * 2_000_000, "JPEG") is None
    assert strip_metadata(b"\xff\xd8" + b"\xff" * 2_000_000, "JPEG") is None
    assert time.monotonic() - begun < 2


def check_damaged(data: bytes) -> None:
    """Whatever the bytes, nothing is raised, and the result decodes to the same pixels."""
    for kind in ("JPEG", "PNG"):
        strip_metadata(data, kind)
    try:
        xray = open_xray(data)
    except Refused as refused:
        assert not tells(str(refused).encode())
        return
    if xray.stripped is not None:
        assert opened(xray.stripped) == opened(data)


FILES = [drawn("fuzz", "JPEG", **options) for options in JPEGS.values()]
FILES += [data for name, data in named().items() if name.endswith(("jpg", "png"))]


def fuzz(examples: int) -> None:
    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(mutated(FILES))
    def damaged(data):
        check_damaged(data)

    damaged()


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_a_damaged_file_decodes_to_the_same_pixels():
    fuzz(500)


@pytest.mark.thorough
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_many_damaged_files_decode_to_the_same_pixels():
    fuzz(20_000)
