"""Decode the pixel data of a DICOM file, if its header describes it."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import get_expected_length
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from radiograph.dicom.codestream import Codestream, codestream
from radiograph.dicom.isolated import isolated
from radiograph.reasons import Reason, Refused

# The extra of this project's wheel with the decoders that neither pydicom nor Pillow brings.
EXTRA = "covid-xray-pipelines[dicom]"
# Each compression has one decoder, so that a picture does not depend on what else is installed.
_DECODERS = {
    RLELossless: "pydicom",
    JPEGBaseline8Bit: "pillow",
    JPEGExtended12Bit: "pillow",
    JPEGLossless: "gdcm",
    JPEGLosslessSV1: "gdcm",
    JPEGLSLossless: "pyjpegls",
    JPEGLSNearLossless: "pyjpegls",
    JPEG2000Lossless: "pillow",
    JPEG2000: "pillow",
    HTJ2K: "pylibjpeg",
    HTJ2KLossless: "pylibjpeg",
    HTJ2KLosslessRPCL: "pylibjpeg",
}
_OF_EXTRA = tuple(syntax for syntax, name in _DECODERS.items() if name not in ("pydicom", "pillow"))
_OF_GDCM = tuple(syntax for syntax, name in _DECODERS.items() if name == "gdcm")
_UNCOMPRESSED = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian)
_Pixels = npt.NDArray[Any]


def decode(file: Dataset) -> tuple[_Pixels, str]:
    """Return the codes of a picture as they are in the file, and their photometric interpretation.

    Returns
    -------
    pixels : ndarray
        Shape (rows, columns), uint8 or uint16, of a grey picture, all bits as found; shape
        (rows, columns, 3), uint8, of a coloured one.
    photometric : str
        Of `pixels`; decoders turn some colours to RGB.

    Raises
    ------
    Refused
        If there is no decoder for the compression, or the header and the pixels contradict each other.
    """
    syntax = file.file_meta.TransferSyntaxUID
    _check_decoder(file, syntax)
    if syntax.is_encapsulated:
        _check_codestream(file, syntax)
    else:
        _check_length(file)
    pixels, photometric = _decode_isolated(file) if syntax in _OF_EXTRA else _decode(file)
    expected = (file.Rows, file.Columns, 3)[: 2 if file.SamplesPerPixel == 1 else 3]
    if pixels.shape != expected or pixels.itemsize > 2:
        raise Refused(Reason.unreadable, "its pixels are others than its header describes")
    # To the byte order of this machine before the sign is taken off.
    pixels = pixels.astype(pixels.dtype.newbyteorder("="), copy=False).view(f"u{pixels.itemsize}")
    return pixels, photometric


def _decode(file: Dataset) -> tuple[_Pixels, str]:
    syntax = file.file_meta.TransferSyntaxUID
    options: dict[str, Any] = {"correct_unused_bits": False}
    if syntax.is_encapsulated and syntax != RLELossless:
        own = _own_header(file)
        # GDCM cuts values to the bits that it is told, and Pillow's have as many as the codestream.
        options["bits_stored"] = int(file.BitsAllocated) if syntax in _OF_GDCM else int(file.BitsStored)
        if own and own.precision <= 8 and _DECODERS[syntax] == "pillow":
            options |= {"bits_allocated": 8, "bits_stored": min(8, options["bits_stored"])}
    # Raw, since pydicom's conversion from YBR to RGB takes 48 bytes per pixel.
    pixels, properties = get_decoder(syntax).as_array(
        file, raw=True, decoding_plugin=_DECODERS.get(syntax, ""), **options
    )
    return pixels, str(properties["photometric_interpretation"])


def _decode_isolated(file: Dataset) -> tuple[_Pixels, str]:
    def work() -> bytes:
        pixels, photometric = _decode(file)
        result = io.BytesIO()
        np.savez(result, pixels=pixels, photometric=np.array(photometric))
        return result.getvalue()

    result = isolated(work)
    if result is None:
        raise Refused(Reason.unreadable, "the DICOM file is damaged")
    arrays = np.load(io.BytesIO(result))
    return arrays["pixels"], str(arrays["photometric"])


def _check_decoder(file: Dataset, syntax: UID) -> None:
    """Check that there is a decoder, and that the pixels are compressed if the header says so."""
    if syntax not in (*_DECODERS, *_UNCOMPRESSED):
        raise Refused(Reason.unreadable, "an unsupported transfer syntax; save it uncompressed")
    if syntax in _DECODERS and _DECODERS[syntax] not in get_decoder(syntax).available_plugins:
        raise Refused(
            Reason.unreadable, f"no decoder for {syntax.name}: install {EXTRA}, or save it uncompressed"
        )
    if syntax == JPEGExtended12Bit and file.BitsStored > 8:
        raise Refused(Reason.unreadable, f"no decoder for {syntax.name} of 12 bits: save it uncompressed")
    if syntax.is_encapsulated != file["PixelData"].is_undefined_length:
        state = "not compressed" if syntax.is_encapsulated else "compressed"
        raise Refused(Reason.unreadable, f"its pixels are {state}, and its header says otherwise")


def _check_codestream(file: Dataset, syntax: UID) -> None:
    """Check that a compressed picture is what the header says, before it is decoded."""
    if syntax == RLELossless:
        return
    if file.HighBit != file.BitsStored - 1:
        raise Refused(
            Reason.unreadable,
            f"its header contradicts itself: compressed, but the highest bit is {file.HighBit}",
        )
    own = _own_header(file)
    if own is None:
        raise Refused(Reason.unreadable, f"its pixels are not in the format {syntax.name}")
    if (own.width, own.height) != (file.Columns, file.Rows):
        raise Refused(Reason.unreadable, "the compressed picture has another size than the header")
    if own.components != file.SamplesPerPixel or own.precision > file.BitsAllocated:
        raise Refused(
            Reason.unreadable,
            f"the compressed picture has {own.components} x {own.precision} bits per pixel, the header "
            f"{file.SamplesPerPixel} x {file.BitsAllocated}",
        )


def _own_header(file: Dataset) -> Codestream | None:
    return codestream(get_frame(file.PixelData, 0, number_of_frames=1))


def _check_length(file: Dataset) -> None:
    found, expected = len(file.PixelData), get_expected_length(file)
    detail = f"it has {found} bytes of pixels, and its header describes {expected}"
    if found < expected:
        # A whole fraction of what is expected is a whole picture of fewer bits or colours.
        whole = found > 0 and any(expected == n * found for n in (2, 3, 6))
        raise Refused(Reason.unreadable if whole else Reason.truncated, detail)
    # One byte makes the length even, and some devices fill up the last block.
    if found > expected + 1 and any(file.PixelData[expected:]):
        raise Refused(Reason.unreadable, detail)
