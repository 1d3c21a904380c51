"""Limits on a radiograph's size, checked on the file's header before anything is decoded."""

from __future__ import annotations

from radiograph.reasons import Reason, Refused

# More than twice a plate of 43 x 35 cm at 10 pixels per millimetre. A picture of this size and of any kind
# opens within 1 GB of memory.
MAX_PIXELS = 36_000_000
MIN_SIDE = 32


def check_size(width: int, height: int) -> None:
    """Check a picture's size in pixels.

    Raises
    ------
    Refused
        If it has more than `MAX_PIXELS`, or a side is shorter than `MIN_SIDE`.
    """
    size = f"{width}x{height} pixels"
    if width * height > MAX_PIXELS:
        raise Refused(Reason.too_large, f"{size}, over {MAX_PIXELS}")
    if min(width, height) < MIN_SIDE:
        raise Refused(Reason.too_small, f"{size}, shorter side under {MIN_SIDE}")
