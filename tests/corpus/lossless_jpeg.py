"""A lossless JPEG (ITU T.81, annex H), which no package at hand writes: first-order prediction, one table."""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt

# All 17 categories of differences have a code of 5 bits, so that the code of a category is its number.
_CODE_LENGTH, _CATEGORIES = 5, 17


def lossless_jpeg(values: npt.NDArray[np.integer], precision: int) -> bytes:
    """Values of `precision` bits, shape (rows, columns), as a JPEG of process 14, selection value 1."""
    rows, columns = values.shape
    frame = b"\xff\xc3" + struct.pack(">HBHHB3B", 11, precision, rows, columns, 1, 1, 0x11, 0)
    lengths = bytes(_CATEGORIES if length == _CODE_LENGTH else 0 for length in range(1, 17))
    table = b"\xff\xc4" + struct.pack(">HB", 19 + _CATEGORIES, 0) + lengths + bytes(range(_CATEGORIES))
    scan = b"\xff\xda" + struct.pack(">HB2B3B", 8, 1, 1, 0, 1, 0, 0)
    return (
        b"\xff\xd8" + frame + table + scan + _coded(_differences(values.astype(int), precision)) + b"\xff\xd9"
    )


def _differences(values: npt.NDArray[np.int_], precision: int) -> list[int]:
    """Each value less its left neighbour, the first of a row less the one above."""
    predicted = np.roll(values, 1, axis=1)
    predicted[1:, 0] = values[:-1, 0]
    predicted[0, 0] = 1 << (precision - 1)
    # Modulo 2**16, so that 16 bits need no category 17.
    return list(((values - predicted + 32767) % 65536 - 32767).ravel())


def _coded(differences: list[int]) -> bytes:
    bits = []
    for difference in differences:
        category = int(abs(difference)).bit_length()
        bits.append(f"{category:0{_CODE_LENGTH}b}")
        # That of 32768 is the only difference of the last category.
        if 0 < category < _CATEGORIES - 1:
            extra = difference if difference > 0 else difference + (1 << category) - 1
            bits.append(f"{extra:0{category}b}")
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    coded = int(text, 2).to_bytes(len(text) // 8, "big")
    return coded.replace(b"\xff", b"\xff\0")
