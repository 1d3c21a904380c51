"""Refuse a picture that is noise as its header describes it, and a picture under another description.

A wrong sign, byte order, order of colours or width leaves every value legal, so only the picture can tell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom import Dataset

from radiograph.dicom.stored import Bits, Stored
from radiograph.reasons import Reason, Refused
from radiograph.scale import few

# Side of the part that is looked at, in pixels.
_SIDE = 512
# How much rougher than another reading the header's own may be. An X-ray read in the wrong order is 2 to 20
# times as rough, and read rightly at most 1.7 times as rough as read wrongly.
_NOISE = 2.0
# The share of neighbours that may differ by more than half of all values, as they do where a wrong sign makes
# values wrap around; and how many times fewer they have to be with the other sign.
_WRAPPED, _FEWER = 0.002, 4
# How many times greyer another order of colours has to be.
_GREYER = 4

_Pixels = npt.NDArray[Any]


def check_grey(file: Dataset, pixels: _Pixels, stored: Stored) -> None:
    """Check the sign, the byte order and the width of a grey picture.

    Raises
    ------
    Refused
        If another of these would give a smoother picture.
    """
    padding = stored.codes[stored.padding]
    windowed = "WindowCenter" in file or "VOILUTSequence" in file
    _check_sign(_sample(pixels), stored.bits, padding, windowed)
    middle = _middle(pixels)

    def read(codes: _Pixels, swap: bool = False) -> _Pixels:
        values = stored.bits.values(codes.byteswap() if swap else codes).astype(np.float64)
        padded = np.isin(codes, padding)
        values[padded] = np.median(values[~padded]) if not padded.all() else 0
        return values

    roughness = _roughness(read(middle))
    swapped = pixels.itemsize == 2 and _is_legal(middle.byteswap(), stored.bits)
    if swapped and roughness > _NOISE * _roughness(read(middle, swap=True)) > 0:
        raise _contradiction("values of the other byte order")
    _check_width(file, pixels, read)


def check_colours(file: Dataset, pixels: _Pixels) -> None:
    """Check the order of colours and the width of a coloured picture, shape (rows, columns, 3).

    Raises
    ------
    Refused
        If another of these would give a smoother or greyer picture.
    """
    if file.file_meta.TransferSyntaxUID.is_encapsulated:
        return
    roughness = _roughness(_middle(pixels))
    _check_width(file, pixels, lambda part: part)
    if file.PlanarConfiguration:
        other = pixels.transpose(2, 0, 1).reshape(pixels.shape)
    else:
        other = pixels.reshape(3, *pixels.shape[:2]).transpose(1, 2, 0)
    greyer = _colourfulness(_middle(pixels)) > _GREYER * _colourfulness(_middle(other))
    # Neighbours taken for colours are nearly grey as well, but not smooth.
    if greyer and roughness >= _roughness(_middle(other)):
        raise _contradiction("another order of the colours")


def _check_sign(codes: _Pixels, bits: Bits, padding: _Pixels, windowed: bool) -> None:
    other = replace(bits, signed=not bits.signed)
    skipped = np.isin(codes, padding)
    if windowed:
        # Annotations and masked areas have the least and the greatest code, and set no scale beside a window.
        half = 1 << (bits.stored - 1)
        skipped |= np.isin(bits.values(codes) & (2 * half - 1), (0, half - 1, half, 2 * half - 1))
    wrapped = _wrapped(codes, bits, skipped)
    if wrapped > max(_WRAPPED, _FEWER * _wrapped(codes, other, skipped)):
        raise _contradiction("signed values" if other.signed else "unsigned values")


def _is_legal(codes: _Pixels, bits: Bits) -> bool:
    """Tell whether all codes but a few have only bits that the header names."""
    return int((bits.unused(codes.astype(np.int64)) != 0).sum()) <= few(codes.size)


def _check_width(file: Dataset, pixels: _Pixels, read: Callable[[_Pixels], _Pixels]) -> None:
    """Compare the same values in rows of another length: only their neighbours above and below differ."""
    if file.file_meta.TransferSyntaxUID.is_encapsulated:
        return
    rows, columns = pixels.shape[:2]
    others = {(columns, rows), *([(rows // 2, 2 * columns)] if rows % 2 == 0 else [])} - {(rows, columns)}
    start = max(0, rows // 2 - _SIDE**2 // columns // 2) * columns
    values = read(pixels.reshape(-1, 1, *pixels.shape[2:])[start : start + _SIDE**2])[:, 0]

    def roughness(width: int) -> float:
        height = len(values) // width
        return _roughness(values[: height * width].reshape(height, width, *values.shape[1:]))

    own = roughness(columns)
    for other in sorted(others):
        if len(values) >= 2 * other[1] and own > _NOISE * roughness(other[1]) > 0:
            raise _contradiction(f"{other[0]} rows of {other[1]} pixels")


def _contradiction(like: str) -> Refused:
    return Refused(Reason.unreadable, f"its header contradicts its pixels, which look like {like}")


def _middle(pixels: _Pixels) -> _Pixels:
    top, left = (max(0, (length - _SIDE) // 2) for length in pixels.shape[:2])
    return pixels[top : top + _SIDE, left : left + _SIDE]


def _sample(pixels: _Pixels) -> _Pixels:
    """Return pixels from all over a picture, as many as of its middle."""
    steps = [-(-length // _SIDE) for length in pixels.shape[:2]]
    return pixels[:: steps[0], :: steps[1]]


def _roughness(values: _Pixels) -> float:
    """Return how much neighbours differ, relative to the spread of all values; 0 of a constant."""
    values = values.astype(np.float64)
    spread = float(values.std())
    steps = sum(float(np.abs(np.diff(values, axis=axis)).mean()) for axis in (0, 1))
    return steps / spread if spread else 0.0


def _wrapped(codes: _Pixels, bits: Bits, skipped: npt.NDArray[np.bool_]) -> float:
    """Return the share of neighbours, without those skipped, that differ by more than half of all values."""
    values, half = bits.values(codes), 1 << (bits.stored - 1)
    steps = [
        (np.abs(np.diff(values, axis=axis)) > half) & ~(first | second)
        for axis, first, second in ((0, skipped[1:], skipped[:-1]), (1, skipped[:, 1:], skipped[:, :-1]))
    ]
    return float(sum(step.mean() for step in steps)) / 2


def _colourfulness(values: _Pixels) -> float:
    return float(np.ptp(values.astype(np.int64), axis=2).mean())
