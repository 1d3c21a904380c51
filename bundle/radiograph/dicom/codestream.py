"""Read from a compressed picture's own header what the decoder is about to allocate."""

from __future__ import annotations

import re
import struct
from typing import NamedTuple

# Segments of a JPEG or JPEG-LS file up to its frame header, one of these: ITU T.81 B.2.2, T.87 C.2.2.
_SEGMENT = re.compile(rb"\xff+([^\x00\xff])(..)", re.DOTALL)
_FRAMES = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
# Start of a JPEG 2000 codestream and its SIZ segment: ITU T.800 A.5.1.
_J2K = re.compile(rb"\xff\x4f\xff\x51.{4}(.{32})(..)(.)", re.DOTALL)


class Codestream(NamedTuple):
    """What a codestream says of itself: pixels, components, bits per value."""

    width: int
    height: int
    components: int
    precision: int


def codestream(data: bytes) -> Codestream | None:
    """Return what a JPEG, JPEG-LS or JPEG 2000 codestream says of itself; None if it is none of them."""
    if data.startswith(b"\xff\xd8"):
        return _jpeg(data)
    # Some devices wrap the codestream in the boxes of a JP2 file.
    found = _J2K.search(data) if data.startswith((b"\xff\x4f", b"\0\0\0\x0cjP")) else None
    if found is None:
        return None
    right, lower, left, upper = struct.unpack(">4I", found[1][:16])
    components, depth = int.from_bytes(found[2], "big"), found[3][0]
    return Codestream(right - left, lower - upper, components, (depth & 0x7F) + 1)


def _jpeg(data: bytes) -> Codestream | None:
    position = 2
    while found := _SEGMENT.match(data, position):
        if found[1][0] in _FRAMES:
            frame = data[found.end() : found.end() + 6]
            if len(frame) < 6:
                return None
            precision, height, width, components = struct.unpack(">BHHB", frame)
            return Codestream(width, height, components, precision)
        position = found.start(2) + int.from_bytes(found[2], "big")
    return None
