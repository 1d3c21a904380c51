"""Strip the metadata from a JPEG or PNG file without decoding it.

Only the data from which decoders compute pixels is kept. EXIF, XMP, comments, texts, profiles, previews and
any data after the picture are removed: each of them may name a patient. The formats are specified in ITU
T.81, annex B, and https://www.w3.org/TR/png-3/.
"""

from __future__ import annotations

import re

# Fill bytes may precede a marker. In coded pixels, a byte of 255 that starts no marker is followed by 0, and
# restart markers (D0 to D7) are part of the data.
_MARKER = re.compile(rb"\xff+([^\x00\xff])")
_SCAN_END = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_START, _END = b"\xff\xd8", b"\xff\xd9"
_APP0, _APP14, _SOS = 0xE0, 0xEE, 0xDA
# Frames and tables; decoders refuse such a segment if it is longer than it has to be.
_CODING_SEGMENTS = {*range(0xC0, 0xD0), _SOS, 0xDB, 0xDD} - {0xC8}
# Those, APP0 to APP15, COM, and DNL, a second height that decoders ignore.
_KNOWN_SEGMENTS = {*_CODING_SEGMENTS, *range(0xE0, 0xF0), 0xFE, 0xDC}
# Segments that tell how colours are coded, without resolution, preview and flags.
_JFIF = b"\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"
_ADOBE = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0"

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LAST_CHUNK = b"\0\0\0\0IEND\xaeB`\x82"
# A suggested palette; the pictures here do not use one.
_PALETTE = b"PLTE"
_ANIMATION = (b"acTL", b"fcTL", b"fdAT")


def strip_metadata(data: bytes, found_format: str) -> bytes | None:
    """Return a file that decodes to the same pixels and holds nothing else.

    Parameters
    ----------
    data : bytes
        A file that opens in mode `L` or `RGB`, without transparency.
    found_format : str
        `JPEG` or `PNG`.

    Returns
    -------
    bytes or None
        None if the file does not follow its format's specification, even if decoders open it. Data hidden in
        the coded pixels themselves is not removed.
    """
    return _strip_jpeg(data) if found_format == "JPEG" else _strip_png(data)


def _strip_jpeg(data: bytes) -> bytes | None:
    if not data.startswith(_START):
        return None
    kept, position = [_START], len(_START)
    while found := _MARKER.match(data, position):
        marker, start = found[1][0], found.end()
        if data.startswith(_END, start - 2):
            return b"".join([*kept, _END])
        length = int.from_bytes(data[start : start + 2], "big")
        end = start + length
        if marker not in _KNOWN_SEGMENTS or length < 2 or end > len(data):
            return None
        if marker == _SOS:
            scan = _SCAN_END.search(data, end)
            if scan is None:
                return None
            end = scan.start()
        kept.append(_strip_segment(marker, data[start - 2 : end]))
        position = end
    return None


def _strip_segment(marker: int, segment: bytes) -> bytes:
    """Return what is kept of a segment, which includes its marker and length; may be empty."""
    payload = segment[4:]
    if marker == _APP0 and payload.startswith(b"JFIF\0") and len(payload) >= 14:
        return _JFIF
    if marker == _APP14 and payload.startswith(b"Adobe") and len(payload) >= 12:
        return _ADOBE + payload[11:12]
    return segment if marker in _CODING_SEGMENTS else b""


def _strip_png(data: bytes) -> bytes | None:
    if not data.startswith(_SIGNATURE):
        return None
    kept, kinds, position = [_SIGNATURE], list[bytes](), len(_SIGNATURE)
    while position + len(_LAST_CHUNK) <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        kind = data[position + 4 : position + 8]
        end = position + len(_LAST_CHUNK) + length
        if kind == b"IEND":
            return b"".join([*kept, _LAST_CHUNK])
        if end > len(data) or not _may_follow(kinds, kind, length):
            return None
        if kind in (b"IHDR", b"IDAT"):
            kept.append(data[position:end])
        kinds.append(kind)
        position = end
    return None


def _may_follow(before: list[bytes], kind: bytes, length: int) -> bool:
    """Tell whether a chunk may come next: one header, contiguous pixel data, no unknown critical chunk."""
    match kind:
        case b"IHDR":
            return not before and length == 13
        case b"IDAT":
            return before[-1:] == [b"IDAT"] or b"IDAT" not in before
        case _:
            return kind == _PALETTE or (kind[:1].islower() and kind not in _ANIMATION)
