"""What the codes in the pixel data of a DICOM file stand for: stored values, and padding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom import Dataset

from radiograph.dicom.header import OVERLAY_BITS
from radiograph.reasons import Reason, Refused
from radiograph.scale import few
from radiograph.strips import count_each

_Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Bits:
    """The bits of a code that are the stored value: PS3.5, 8.1.1.

    Attributes
    ----------
    size : int
        Bits of a code.
    stored : int
        Bits of the stored value.
    shift : int
        Bits of a code below the stored value.
    signed : bool
        Whether the stored value is a two's complement.
    """

    size: int
    stored: int
    shift: int
    signed: bool

    def values(self, codes: npt.NDArray[Any]) -> _Integers:
        """Return the stored values of codes, in the shape of `codes`."""
        values = (codes.astype(np.int64) >> self.shift) & ((1 << self.stored) - 1)
        return values - ((values >> (self.stored - 1)) << self.stored) if self.signed else values

    def unused(self, codes: _Integers) -> _Integers:
        """Return the bits that are set in codes and are no part of the stored value."""
        repeats_sign = ((self.values(codes) << self.shift) & ((1 << self.size) - 1)) == codes
        return np.where(repeats_sign, 0, codes & ~(((1 << self.stored) - 1) << self.shift))


@dataclass(frozen=True)
class Stored:
    """The codes that occur in a picture.

    Attributes
    ----------
    bits : Bits
        By the header.
    codes : ndarray of int, shape (n,)
        Sorted; all bits as they are in the file, read as unsigned.
    counts : ndarray of int, shape (n,)
        Pixels of each code.
    padding : ndarray of bool, shape (n,)
        Whether the code marks pixels outside the picture: PS3.3, C.7.5.1.1.2.
    """

    bits: Bits
    codes: _Integers
    counts: _Integers
    padding: npt.NDArray[np.bool_]


def stored_values(file: Dataset, pixels: npt.NDArray[Any]) -> Stored:
    """Count the codes of a grey picture.

    Parameters
    ----------
    file : pydicom.Dataset
        A checked header.
    pixels : ndarray of uint8 or uint16, shape (rows, columns)
        Codes.

    Raises
    ------
    Refused
        If more than a few pixels have bits outside those that the header names.
    """
    bits = _bits(file, 8 * pixels.itemsize)
    of_all = count_each(pixels, 2**bits.size)
    codes = np.flatnonzero(of_all)
    counts, padding = of_all[codes], _is_padding(file, codes, bits)
    contradicting = (bits.unused(codes) & ~_overlays(file)) != 0
    if counts[contradicting & ~padding].sum() > few(pixels.size):
        raise Refused(
            Reason.unreadable, f"its pixels have more than the {bits.stored} bits that its header names"
        )
    return Stored(bits, codes, counts, padding)


def _bits(file: Dataset, size: int) -> Bits:
    # A codestream of fewer bits than the header names is decoded to as many as it has.
    stored = min(int(file.BitsStored), size)
    shift = int(file.HighBit) + 1 - int(file.BitsStored)
    return Bits(size, stored, min(shift, size - stored), bool(file.PixelRepresentation))


def _is_padding(file: Dataset, codes: _Integers, bits: Bits) -> npt.NDArray[np.bool_]:
    """Mark the codes of padding, which some devices give as a stored value and some as a whole code."""
    value, limit = file.get("PixelPaddingValue"), file.get("PixelPaddingRangeLimit")
    if value is None:
        return np.zeros(len(codes), np.bool_)
    ends = np.array([value, value if limit is None else limit], np.int64)
    marked = np.zeros(len(codes), np.bool_)
    for reading in (bits, Bits(bits.size, bits.size, 0, bits.signed)):
        # Some devices write a negative end as unsigned.
        low, high = sorted(Bits(bits.size, bits.size, 0, bits.signed).values(ends))
        values = reading.values(codes)
        marked |= (low <= values) & (values <= high)
    return marked


def _overlays(file: Dataset) -> int:
    """Return the bits in which overlays are drawn, which the standard allowed up to 2004."""
    bits = {int(file[tag].value or 0) for tag in OVERLAY_BITS if tag in file}
    return sum(1 << bit for bit in bits if 0 < bit < 16)
