"""Small sound pictures in every format, drawn by name: no two names give the same pixels."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import numpy.typing as npt
from PIL import Image

WIDTH, HEIGHT = 48, 40


def pixels(name: str) -> npt.NDArray[np.uint8]:
    """A bright oval on black with noise, shape (HEIGHT, WIDTH)."""
    random = np.random.default_rng(zlib.crc32(name.encode()))
    y, x = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    return (200 * np.exp(-3 * (x**2 + y**2)) + random.integers(0, 50, (HEIGHT, WIDTH))).astype(np.uint8)


def picture(name: str, mode: str = "L") -> Image.Image:
    """The same as a picture of any mode."""
    return Image.fromarray(pixels(name)).convert(mode)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """A file of Pillow's format `kind`."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def drawn(name: str, kind: str = "PNG", mode: str = "L", **options: object) -> bytes:
    """A sound file."""
    return encoded(picture(name, mode), kind, **options)


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunk(png: bytes, kind: bytes, data: bytes) -> bytes:
    """A PNG file with one more chunk behind its header, which ends at byte 33."""
    return png[:33] + chunk(kind, data) + png[33:]


def png_bomb(side: int) -> bytes:
    """A black one-bit PNG of side x side pixels, complete and a thousand times smaller."""
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(side * (1 + -(-side // 8))), 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def tiff_bomb(side: int) -> bytes:
    """A black grey TIFF of side x side pixels in one strip of run lengths: 2 bytes for 128 pixels."""
    strip = b"\x81\0" * (side * side // 128)
    # Width, length, bits, PackBits, black is 0, strip offset, samples, rows of a strip, bytes of the strip.
    values = {256: side, 257: side, 258: 8, 259: 32773, 262: 1, 273: 8 + len(strip), 277: 1, 278: side}
    values |= {273: 8, 279: len(strip)}
    directory = struct.pack("<H", len(values))
    for tag, value in sorted(values.items()):
        directory += struct.pack("<HHII", tag, 4, 1, value)
    return struct.pack("<2sHI", b"II", 42, 8 + len(strip)) + strip + directory + bytes(4)


def arithmetic_jpeg(name: str) -> bytes:
    """A JPEG with arithmetic coding, which Pillow cannot write: to that coder any bytes are a picture."""
    random = np.random.default_rng(zlib.crc32(name.encode()))
    table = b"\xff\xdb\0\x43\0" + bytes([16] * 64)
    frame = b"\xff\xc9" + struct.pack(">HBHHB3B", 11, 8, HEIGHT, WIDTH, 1, 1, 0x11, 0)
    scan = b"\xff\xda" + struct.pack(">HB2B3B", 8, 1, 1, 0, 0, 63, 0)
    return b"\xff\xd8" + table + frame + scan + bytes(random.integers(0, 255, 300, np.uint8)) + b"\xff\xd9"


def raw_tiff(values: npt.NDArray[np.generic], order: str = "<", photometric: int = 1) -> bytes:
    """An uncompressed grey TIFF of values of any type: little-endian (`<`) or big; 0 is white or 1, black."""
    height, width = values.shape
    strip = values.astype(values.dtype.newbyteorder(order)).tobytes()
    sample_format = {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    # Width, length, bits, compression, polarity, strip offset, samples, rows of a strip, bytes of it, format.
    tags = {256: width, 257: height, 258: 8 * values.itemsize, 259: 1, 262: photometric, 273: 8, 277: 1}
    tags |= {278: height, 279: len(strip), 339: sample_format}
    directory = struct.pack(f"{order}H", len(tags))
    for tag, value in sorted(tags.items()):
        # All of them as 16 bits, which stand at the beginning of their field.
        directory += struct.pack(f"{order}HHIHH", tag, 3, 1, value, 0)
    signature = {"<": b"II", ">": b"MM"}[order]
    header = struct.pack(f"{order}2sHI", signature, 42, 8 + len(strip))
    return header + strip + directory + bytes(4)
