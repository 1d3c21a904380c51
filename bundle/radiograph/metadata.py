"""Take out of a JPEG or PNG file what stands beside its picture, without decoding it.

What stays is what decoders make pixels of. EXIF, XMP, comments, texts, profiles, previews and whatever
follows the picture go: any of them may name a patient. The formats are those of ITU T.81, annex B, and of
https://www.w3.org/TR/png-3/.
"""

from __future__ import annotations

import re

# Fill bytes may stand before a marker. In coded pixels 0 follows a byte of 255 that is none, and markers of
# restart (D0 to D7) are part of them.
_MARKER = re.compile(rb"\xff+([^\x00\xff])")
_SCAN_END = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_START, _END = b"\xff\xd8", b"\xff\xd9"
_APP0, _APP14, _SOS = 0xE0, 0xEE, 0xDA
# Frames and tables; decoders refuse such a segment when there is more in it than they need.
_PIXELS = {*range(0xC0, 0xD0), _SOS, 0xDB, 0xDD} - {0xC8}
# Those, APP0 to APP15, COM, and DNL, a second height that decoders pass over.
_SEGMENTS = {*_PIXELS, *range(0xE0, 0xF0), 0xFE, 0xDC}
# What tells how colours were coded, without resolution, preview and flags.
_JFIF = b"\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"
_ADOBE = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0"

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LAST_CHUNK = b"\0\0\0\0IEND\xaeB`\x82"
# Pictures without a palette may suggest one.
_PALETTE = b"PLTE"
_ANIMATION = (b"acTL", b"fcTL", b"fdAT")


def bare(data: bytes, found_format: str) -> bytes | None:
    """Return a file that decodes to the same pixels and has nothing else in it.

    Parameters
    ----------
    data : bytes
        A file that opens in mode `L` or `RGB`, without transparency.
    found_format : str
        `JPEG` or `PNG`.

    Returns
    -------
    bytes or None
        None where the file is not built as its format has it, whatever decoders make of it. What is hidden
        among the coded pixels themselves stays.
    """
    return _bare_jpeg(data) if found_format == "JPEG" else _bare_png(data)


def _bare_jpeg(data: bytes) -> bytes | None:
    if not data.startswith(_START):
        return None
    kept, place = [_START], len(_START)
    while found := _MARKER.match(data, place):
        marker, start = found[1][0], found.end()
        if data.startswith(_END, start - 2):
            return b"".join([*kept, _END])
        length = int.from_bytes(data[start : start + 2], "big")
        end = start + length
        if marker not in _SEGMENTS or length < 2 or end > len(data):
            return None
        if marker == _SOS:
            scan = _SCAN_END.search(data, end)
            if scan is None:
                return None
            end = scan.start()
        kept.append(_segment(marker, data[start - 2 : end]))
        place = end
    return None


def _segment(marker: int, found: bytes) -> bytes:
    """Return what is kept of a segment, given from its marker to its end."""
    said = found[4:]
    if marker == _APP0 and said.startswith(b"JFIF\0") and len(said) >= 14:
        return _JFIF
    if marker == _APP14 and said.startswith(b"Adobe") and len(said) >= 12:
        return _ADOBE + said[11:12]
    return found if marker in _PIXELS else b""


def _bare_png(data: bytes) -> bytes | None:
    if not data.startswith(_SIGNATURE):
        return None
    kept, kinds, place = [_SIGNATURE], list[bytes](), len(_SIGNATURE)
    while place + len(_LAST_CHUNK) <= len(data):
        length, kind = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        end = place + len(_LAST_CHUNK) + length
        if kind == b"IEND":
            return b"".join([*kept, _LAST_CHUNK])
        if end > len(data) or not _may_follow(kinds, kind, length):
            return None
        if kind in (b"IHDR", b"IDAT"):
            kept.append(data[place:end])
        kinds.append(kind)
        place = end
    return None


def _may_follow(before: list[bytes], kind: bytes, length: int) -> bool:
    """Tell whether a chunk may come next: one header, coded pixels in one piece, nothing unknown."""
    match kind:
        case b"IHDR":
            return not before and length == 13
        case b"IDAT":
            return before[-1:] == [b"IDAT"] or b"IDAT" not in before
        case _:
            return kind == _PALETTE or (kind[:1].islower() and kind not in _ANIMATION)
