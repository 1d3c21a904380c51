"""Open a DICOM radiograph: the picture as a viewer shows it, without any other content of the file.

Stored values become grey values by the steps of the DICOM standard, PS3.3 C.11.1 (modality LUT) and C.11.2
(VOI LUT and window). Only the elements listed here are read, none of which identifies the patient.
"""

from __future__ import annotations

import io
import logging
import re
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydicom import Dataset, config, dcmread
from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import apply_modality_lut, apply_voi, apply_windowing
from pydicom.pixels.utils import get_expected_length
from pydicom.tag import Tag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000TransferSyntaxes,
    JPEGTransferSyntaxes,
)

from radiograph.limits import check_size
from radiograph.modes import row_strips
from radiograph.reasons import Reason, Refused

# pydicom quotes invalid values in its log and its warnings, and a misplaced value may be a patient's name.
logging.getLogger("pydicom").propagate = False
config.settings.reading_validation_mode = config.IGNORE

# Computed and digital radiography; some devices write DR or RG (radiographic imaging) instead.
MODALITIES = ("CR", "DX", "DR", "RG")

_GREY = ("MONOCHROME1", "MONOCHROME2")
_COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
_ELEMENTS = (
    *("SOPClassUID", "Modality", "Rows", "Columns", "NumberOfFrames", "SamplesPerPixel"),
    *("PhotometricInterpretation", "PlanarConfiguration", "BitsAllocated", "BitsStored", "HighBit"),
    *("PixelRepresentation", "ModalityLUTSequence", "RescaleSlope", "RescaleIntercept", "VOILUTSequence"),
    *("WindowCenter", "WindowWidth", "VOILUTFunction", "PixelData"),
)


def open_dicom(data: bytes) -> tuple[Image.Image, str]:
    """Open the bytes of a DICOM file.

    Returns
    -------
    picture : PIL.Image.Image
        Mode `L`, or `RGB` for colours: mapped by the first VOI LUT or window if the file has one, else from
        the least to the greatest value. Dense is bright.
    photometric : str
        The file's photometric interpretation.

    Raises
    ------
    Refused
        With a detail that quotes no value of the file except its modality.
    """
    try:
        return _open(data)
    except (Refused, MemoryError):
        raise
    except Exception as error:
        # pydicom's messages quote values, which may be a patient's name.
        reason = Reason.truncated if "truncated" in str(error).lower() else Reason.unreadable
        raise Refused(reason, "the DICOM file is damaged") from None


def _open(data: bytes) -> tuple[Image.Image, str]:
    file = _read(data)
    _check_header(file)
    pixels, photometric = _decode(file)
    if photometric in _GREY:
        return _as_displayed(pixels, file), str(file.PhotometricInterpretation)
    picture = Image.fromarray(pixels, "YCbCr" if photometric.startswith("YBR_FULL") else "RGB")
    return picture.convert("RGB"), str(file.PhotometricInterpretation)


def _read(data: bytes) -> Dataset:
    if DeflatedExplicitVRLittleEndian.encode() in data:
        # pydicom inflates the whole file, up to a thousandfold, before its size is known.
        raise Refused(Reason.unreadable, "a deflated DICOM file; save it uncompressed")
    file = dcmread(io.BytesIO(data), force=True, specific_tags=[Tag(name) for name in _ELEMENTS])
    if data[128:132] != b"DICM" and "SOPClassUID" not in file:
        raise Refused(Reason.not_an_image, f"starts with {data[:4]!r}")
    if "TransferSyntaxUID" not in file.file_meta:
        file.file_meta.TransferSyntaxUID = _encoding(file)
    return file


def _encoding(file: Dataset) -> UID:
    implicit, little_endian = file.original_encoding
    if implicit:
        return ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if little_endian else ExplicitVRBigEndian


def _check_header(file: Dataset) -> None:
    modality = str(file.get("Modality") or "")
    if modality and modality not in MODALITIES:
        name = modality if re.fullmatch("[A-Z]{2,8}", modality) else "unknown to the standard"
        raise Refused(Reason.wrong_modality, f"modality {name}, not a radiograph")
    if "PixelData" not in file:
        raise Refused(Reason.truncated, "the DICOM file ends before its pixels")
    if not modality:
        raise Refused(Reason.wrong_modality, "the modality is missing")
    if int(file.get("NumberOfFrames") or 1) > 1:
        raise Refused(Reason.multi_frame, f"{int(file.NumberOfFrames)} frames")
    check_size(file.Columns, file.Rows)
    expected = {1: _GREY, 3: _COLOUR}.get(file.SamplesPerPixel, ())
    if file.PhotometricInterpretation not in expected:
        raise Refused(Reason.unreadable, "its photometric interpretation is not one of radiographs")
    if file.BitsAllocated not in (8, 16):
        bits = int(file.BitsAllocated)
        raise Refused(Reason.unreadable, f"{bits} bits per value; only 8 and 16 are supported")


def _decode(file: Dataset) -> tuple[npt.NDArray[Any], str]:
    """Return the stored values, (rows, columns) or (rows, columns, 3), and their interpretation."""
    syntax = file.file_meta.TransferSyntaxUID
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError:
        raise Refused(Reason.unreadable, "an unknown transfer syntax; save it uncompressed") from None
    if not decoder.is_available:
        raise Refused(Reason.unreadable, f"no decoder for {syntax.name}; save it uncompressed")
    if syntax.is_encapsulated:
        _check_codestream(file, syntax)
    elif len(file.PixelData) < get_expected_length(file):
        raise Refused(Reason.truncated, "the DICOM file ends within its pixels")
    # Raw, since pydicom's conversion from YBR to RGB takes 48 bytes per pixel.
    pixels, properties = decoder.as_array(file, raw=True)
    return pixels, str(properties["photometric_interpretation"])


def _check_codestream(file: Dataset, syntax: UID) -> None:
    """Check that a compressed picture has the size in the header, before it is decoded."""
    if syntax not in (*JPEGTransferSyntaxes, *JPEG2000TransferSyntaxes):
        return
    frame = get_frame(file.PixelData, 0, number_of_frames=1)
    if Image.open(io.BytesIO(frame), formats=("JPEG", "JPEG2000")).size != (file.Columns, file.Rows):
        raise Refused(Reason.unreadable, "the compressed picture has another size than the header")


def _as_displayed(pixels: npt.NDArray[Any], file: Dataset) -> Image.Image:
    """Map stored values to 8 bits with a lookup table: every step maps single values."""
    low, high = int(pixels.min()), int(pixels.max())
    if low == high:
        raise Refused(Reason.blank, "all pixels are equal")
    grey = _grey_values(np.arange(low, high + 1), file)
    if file.PhotometricInterpretation == "MONOCHROME1":
        grey = 255 - grey
    table = np.rint(grey).astype(np.uint8)
    displayed = np.empty(pixels.shape, np.uint8)
    for rows in row_strips(pixels):
        displayed[rows] = table[pixels[rows].astype(np.int64) - low]
    return Image.fromarray(displayed, "L")


def _grey_values(stored: npt.NDArray[np.int64], file: Dataset) -> npt.NDArray[np.float64]:
    """Return the grey value, 0 to 255, of each stored value."""
    values = apply_modality_lut(stored, file)
    if file.get("VOILUTSequence"):
        grey = _apply_voi_lut(values, file)
    elif _has_window(file):
        grey = apply_windowing(values, _eight_bit_window(file))
    else:
        low, high = float(values.min()), float(values.max())
        grey = (values - low) * (255 / (high - low))
    if not np.isfinite(grey).all():
        raise Refused(Reason.unreadable, "its rescale or window gives values that are not finite")
    return np.asarray(np.clip(grey, 0, 255), np.float64)


def _apply_voi_lut(values: npt.NDArray[Any], file: Dataset) -> npt.NDArray[np.float64]:
    entries, first, bits = file.VOILUTSequence[0].LUTDescriptor
    # pydicom computes indices in the table's own type, in which values beyond its ends would wrap around.
    within = np.clip(np.rint(values).astype(np.int64), first, first + (entries or 2**16) - 1)
    top: float = 2**bits - 1
    return np.asarray(apply_voi(within, file), np.float64) * (255 / top)


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
