"""A picture like a chest X-ray, and DICOM files that hold it in the ways that the standard allows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from tests.corpus import htj2k
from tests.corpus.dicom import radiograph
from tests.corpus.lossless_jpeg import lossless_jpeg
from tests.corpus.pictures import encoded

ROWS, COLUMNS = 72, 64
# The columns that are padding, where a file has some.
PADDED = slice(54, None)


def chest(ribs: float = 0.0) -> npt.NDArray[np.float64]:
    """Grey values from 0 to 1, shape (ROWS, COLUMNS): dark lungs in a bright body, ribs, a dark border.

    No two places of the ribs, in radians, give the same pixels.
    """
    y, x = np.mgrid[-1 : 1 : ROWS * 1j, -1 : 1 : COLUMNS * 1j]
    body = 1 / (1 + np.exp(14 * (np.hypot(x, 0.9 * y) - 0.9)))
    lungs = sum(np.exp(-(((x - side) / 0.25) ** 2 + (y / 0.5) ** 2) * 2) for side in (-0.42, 0.42))
    values = body * (1 - 0.75 * lungs) + 0.06 * np.sin(18 * y + 4 * np.abs(x) + ribs) * body + 0.03 * x
    return np.asarray((values - values.min()) / np.ptp(values))


def chest_file(
    stored: int = 12,
    *,
    high: int | None = None,
    allocated: int | None = None,
    signed: bool = False,
    falling: bool = False,
    ribs: float = 0.0,
    padding: int | None = None,
    defects: dict[int, int] | None = None,
    **elements: object,
) -> Dataset:
    """The picture as a DICOM file, uncompressed.

    Parameters
    ----------
    stored, high, allocated : int
        Bits of a value; the highest of them, by default the last; bits per pixel, by default 8 or 16.
    signed : bool
        Whether values are two's complements, with 0 in their middle.
    falling : bool
        Whether the least value is white.
    ribs : float
        As `chest` takes it.
    padding : int or None
        Written to the columns `PADDED`, as it is.
    defects : mapping of int to int
        Codes of single pixels, by place in the picture.
    **elements
        Set in the header.
    """
    allocated = allocated or (8 if stored <= 8 else 16)
    high = stored - 1 if high is None else high
    values = np.rint((1 - chest(ribs) if falling else chest(ribs)) * (2**stored - 1)).astype(np.int64)
    codes = (values - (2 ** (stored - 1) if signed else 0)) << (high + 1 - stored)
    if padding is not None:
        codes[:, PADDED] = padding
    for place, code in (defects or {}).items():
        codes.flat[place] = code
    pixels = (codes & (2**allocated - 1)).astype(f"<u{allocated // 8}")
    header = {
        "Rows": ROWS,
        "Columns": COLUMNS,
        "BitsAllocated": allocated,
        "BitsStored": stored,
        "HighBit": high,
        "PixelRepresentation": int(signed),
        "PixelData": pixels.tobytes(),
    }
    return radiograph("chest", **header | elements)


def _codes(file: Dataset) -> npt.NDArray[np.uint]:
    return np.frombuffer(file.PixelData, f"<u{file.BitsAllocated // 8}").reshape(ROWS, COLUMNS)


def _wrap(file: Dataset, syntax: UID, codestream: bytes) -> Dataset:
    file.PixelData = encapsulate([codestream])
    file["PixelData"].is_undefined_length = True
    file.file_meta.TransferSyntaxUID = syntax
    return file


def _by_pydicom(syntax: UID, **options: object) -> Callable[[Dataset], Dataset]:
    def compress(file: Dataset) -> Dataset:
        file.compress(syntax, generate_instance_uid=False, **options)
        return file

    return compress


def _big_endian(file: Dataset) -> Dataset:
    file.PixelData = _codes(file).byteswap().tobytes()
    file.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    return file


def _implicit(file: Dataset) -> Dataset:
    file.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    return file


# What turns an uncompressed file into one of another transfer syntax.
LOSSLESS: dict[str, Callable[[Dataset], Dataset]] = {
    "implicit": _implicit,
    "big endian": _big_endian,
    "rle": _by_pydicom(RLELossless),
    "jpeg lossless": lambda file: _wrap(file, JPEGLosslessSV1, lossless_jpeg(_codes(file), file.BitsStored)),
    "jpeg-ls": _by_pydicom(JPEGLSLossless),
    "jpeg 2000 lossless": _by_pydicom(JPEG2000Lossless),
}
# The same, for 8 bits and with some loss.
LOSSY: dict[str, Callable[[Dataset], Dataset]] = {
    "jpeg": lambda file: _wrap(
        file, JPEGBaseline8Bit, encoded(Image.fromarray(_codes(file)), "JPEG", quality=95)
    ),
    "jpeg-ls near lossless": _by_pydicom(JPEGLSNearLossless, jls_error=2),
    "jpeg 2000": _by_pydicom(JPEG2000, j2k_cr=[8]),
    "htj2k": lambda file: _wrap(file, HTJ2K, htj2k.HTJ2K),
}
