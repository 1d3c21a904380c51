"""Sound files that say, beside their pixels, whom they show."""

from __future__ import annotations

import struct
import zlib
from functools import cache

from PIL import Image, TiffImagePlugin

from tests.corpus.dicom import PATIENT, PATIENT_ID
from tests.corpus.pictures import chunk, drawn, encoded, picture, with_chunk

MARKS = (PATIENT.encode(), PATIENT_ID.encode())
WORDS = b" ".join(MARKS)


def tells(data: bytes) -> bool:
    """Whether the patient can be read in some bytes as they are."""
    return any(mark in data for mark in MARKS)


@cache
def named() -> dict[str, bytes]:
    """The files by name."""
    return _jpegs() | _pngs() | _others()


def segment(marker: int, data: bytes) -> bytes:
    """A segment of a JPEG file."""
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data


def with_segment(jpeg: bytes, marker: int, data: bytes) -> bytes:
    """A JPEG file with one more segment behind its start."""
    return jpeg[:2] + segment(marker, data) + jpeg[2:]


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = exif[0x9C9D] = WORDS.decode()
    return exif


def _jpegs() -> dict[str, bytes]:
    whole = {name: drawn(f"{name} of jpeg", "JPEG") for name in ("preview", "behind", "late", "fill")}
    preview = b"JFIF\0\1\2\1\0\x48\0\x48\3\3" + WORDS.ljust(27)
    segments = {
        "xmp": (0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>" + WORDS),
        "profile": (0xE2, b"ICC_PROFILE\0\1\1" + WORDS),
        "iptc": (0xED, b"Photoshop 3.0\0" + b"8BIM\4\4\0\0\0\0\0\x12" + WORDS + b"\0"),
        "app0": (0xE0, b"JFXX\0" + WORDS),
        "app14": (0xEE, b"Adobe\0\x64\0\0\0\0\0" + WORDS),
        "app15": (0xEF, WORDS),
        "comment": (0xFE, WORDS),
        "height": (0xDC, WORDS),
    }
    files = {name: with_segment(drawn(name, "JPEG"), *said) for name, said in segments.items()}
    # Pillow's JFIF segment is 18 bytes long.
    files["preview"] = b"\xff\xd8" + segment(0xE0, preview) + whole["preview"][20:]
    files["exif"] = drawn("exif of jpeg", "JPEG", exif=_exif(), comment=WORDS)
    files["behind"] = whole["behind"] + WORDS
    files["late"] = whole["late"][:-2] + segment(0xFE, WORDS) + b"\xff\xd9"
    files["fill"] = with_segment(whole["fill"], 0xFE, WORDS).replace(b"\xff\xfe", b"\xff\xff\xff\xfe")
    progressive = drawn("between scans", "JPEG", "RGB", progressive=True)
    files["between scans"] = progressive.replace(b"\xff\xda", segment(0xFE, WORDS) + b"\xff\xda")
    return {f"named, {name}.jpg": data for name, data in files.items()}


def _pngs() -> dict[str, bytes]:
    packed = zlib.compress(WORDS)
    chunks = {
        b"tEXt": b"Comment\0" + WORDS,
        b"zTXt": b"Comment\0\0" + packed,
        b"iTXt": b"Comment\0\0\0\0\0" + WORDS,
        b"eXIf": _exif().tobytes()[6:],
        b"iCCP": WORDS + b"\0\0" + packed,
        b"prIv": WORDS,
    }
    files = {kind.decode(): with_chunk(drawn(kind.decode()), kind, data) for kind, data in chunks.items()}
    late, end = drawn("late of png"), drawn("in the end")
    files["xmp"] = with_chunk(drawn("xmp of png"), b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta>" + WORDS)
    files["palette"] = with_chunk(drawn("suggested", mode="RGB"), b"PLTE", WORDS.ljust(18))
    files["late"] = late[:-12] + chunk(b"tEXt", b"Comment\0" + WORDS) + late[-12:]
    files["in the end"] = end[:-12] + chunk(b"IEND", WORDS)
    files["behind"] = drawn("behind of png") + WORDS
    return {f"named, {name}.png": data for name, data in files.items()}


def _others() -> dict[str, bytes]:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[270] = tags[315] = WORDS.decode()
    files = {
        "tags.tif": encoded(picture("tags"), "TIFF", tiffinfo=tags),
        "comment.gif": encoded(picture("comment"), "GIF", comment=WORDS),
        "exif.webp": encoded(picture("exif"), "WEBP", exif=_exif()),
        "behind.bmp": drawn("behind of bmp", "BMP") + WORDS,
        "behind.jp2": drawn("behind of jp2", "JPEG2000") + WORDS,
    }
    return {f"named, {name}": data for name, data in files.items()}
