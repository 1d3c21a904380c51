"""Map the stored values of a grey DICOM picture to 8 bits, as a viewer shows them.

By the steps of the DICOM standard, PS3.3 C.11.1 (modality LUT), C.11.2 (VOI LUT and window) and C.11.6
(presentation LUT shape).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydicom import Dataset
from pydicom.pixels.processing import apply_windowing

from radiograph.dicom.stored import Stored
from radiograph.reasons import Reason, Refused
from radiograph.scale import limits, to_grey
from radiograph.strips import row_strips

# Fewer grey levels than this, of four times as many values, show no chest: the window is of other pixels.
_LEAST_LEVELS = 64

_Floats = npt.NDArray[np.float64]


def as_displayed(file: Dataset, pixels: npt.NDArray[Any], stored: Stored) -> Image.Image:
    """Map codes to 8 bits with a lookup table: every step maps single values.

    Raises
    ------
    Refused
        If all pixels but padding and a few are equal, or the header's steps leave nothing to see.
    """
    shown = ~stored.padding
    grey = np.zeros(len(stored.codes))
    if shown.any():
        values = stored.bits.values(stored.codes[shown])
        grey[shown] = _grey_values(values, stored.counts[shown], file)
    # In a file that states both, as mammography does, MONOCHROME1 and INVERSE mean the same.
    if file.PhotometricInterpretation == "MONOCHROME1" or file.get("PresentationLUTShape") == "INVERSE":
        grey[shown] = 255 - grey[shown]
    levels = np.rint(grey).astype(np.uint8)
    _check_levels(levels[shown])
    table = np.zeros(2**stored.bits.size, np.uint8)
    table[stored.codes] = levels
    displayed = np.empty(pixels.shape, np.uint8)
    for rows in row_strips(pixels):
        displayed[rows] = table[pixels[rows]]
    return Image.fromarray(displayed, "L")


def _grey_values(stored: npt.NDArray[np.int64], counts: npt.NDArray[np.int64], file: Dataset) -> _Floats:
    """Return the grey value, 0 to 255, of each stored value."""
    least, greatest = _limits(stored.astype(np.float64), counts)
    if least == greatest:
        raise Refused(Reason.blank, "all pixels are equal")
    values = _modality_values(stored, file)
    if file.get("VOILUTSequence"):
        looked_up, top = _through_table(values, file, file.VOILUTSequence[0])
        grey = looked_up * (255 / top)
    elif _has_window(file):
        grey = apply_windowing(values, _eight_bit_window(file))
    else:
        grey = to_grey(values, *_limits(values, counts))
    if not np.isfinite(grey).all():
        raise Refused(Reason.unreadable, "its rescale or window gives values that are not finite")
    return np.asarray(np.clip(grey, 0, 255), np.float64)


def _limits(values: _Floats, counts: npt.NDArray[np.int64]) -> tuple[float, float]:
    order = np.argsort(values)
    return limits(values[order], counts[order])


def _check_levels(levels: npt.NDArray[np.uint8]) -> None:
    """Check that values which differ in the file still do."""
    left = len(np.unique(levels))
    if left < min(_LEAST_LEVELS, len(levels) // 4):
        raise Refused(
            Reason.unreadable, f"its window or lookup table leaves {left} of {len(levels)} grey levels"
        )


def _modality_values(stored: npt.NDArray[np.int64], file: Dataset) -> _Floats:
    if file.get("ModalityLUTSequence"):
        return _through_table(stored.astype(np.float64), file, file.ModalityLUTSequence[0])[0]
    if "RescaleSlope" in file:
        return stored * float(file.RescaleSlope) + float(file.RescaleIntercept)
    return stored.astype(np.float64)


def _through_table(values: _Floats, file: Dataset, table: Dataset) -> tuple[_Floats, float]:
    """Look values up in a LUT; also return the greatest value that its bits allow.

    pydicom computes the places in the table's own type, in which those of a long table of bytes wrap around.
    """
    entries, first, bits = (int(number) for number in table.LUTDescriptor)
    # 2**16 entries do not fit into the descriptor.
    looked_up = _entries(file, table, entries or 2**16)
    places = np.clip(np.rint(values) - first, 0, len(looked_up) - 1).astype(np.int64)
    return looked_up[places].astype(np.float64), float(2**bits - 1)


def _entries(file: Dataset, table: Dataset, entries: int) -> npt.NDArray[Any]:
    data = table.LUTData
    if isinstance(data, bytes):
        # Entries of 8 bits stand two in a word, the last one alone.
        words = "<u2" if file.original_encoding[1] else ">u2"
        found = np.frombuffer(data, np.uint8 if len(data) in (entries, entries + 1) else words)
    else:
        found = np.asarray(data, np.int64)
    if not entries <= len(found) <= entries + 1:
        raise Refused(
            Reason.unreadable, f"its lookup table has {len(found)} entries, and its header says {entries}"
        )
    return found[:entries]


def _has_window(file: Dataset) -> bool:
    """Tell whether the file has a usable window: windows of width 0 are common."""
    if file.get("WindowCenter") in (None, "") or file.get("WindowWidth") in (None, ""):
        return False
    width = file["WindowWidth"]
    return float(width.value[0] if width.VM > 1 else width.value) >= 1


def _eight_bit_window(file: Dataset) -> Dataset:
    """Return the window with an output range of 0 to 255, whatever the bits and rescale of stored values."""
    window = Dataset()
    window.PhotometricInterpretation = "MONOCHROME2"
    window.BitsStored, window.PixelRepresentation = 8, 0
    window.WindowCenter, window.WindowWidth = file.WindowCenter, file.WindowWidth
    if "VOILUTFunction" in file:
        window.VOILUTFunction = file.VOILUTFunction
    return window
