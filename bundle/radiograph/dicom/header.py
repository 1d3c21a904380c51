"""Read the elements of a DICOM file that its picture depends on, and refuse what is no radiograph.

Only the elements listed here are read, none of which identifies the patient.
"""

from __future__ import annotations

import io
import re

from pydicom import Dataset, dcmread
from pydicom.tag import Tag
from pydicom.uid import (
    UID,
    ComputedRadiographyImageStorage,
    DeflatedExplicitVRLittleEndian,
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from radiograph.limits import check_size
from radiograph.reasons import Reason, Refused

# Computed and digital radiography; some devices write DR or RG (radiographic imaging) instead.
MODALITIES = ("CR", "DX", "DR", "RG")
# What an object without modality has to be: https://dicom.nema.org/medical/dicom/current/output/html/part04.html
RADIOGRAPHS = (
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
)

_GREY = ("MONOCHROME1", "MONOCHROME2")
_COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
# What the standard requires of every picture, and what it may leave out.
_REQUIRED = ("Rows", "Columns", "PhotometricInterpretation", "BitsAllocated", "BitsStored")
_ELEMENTS = (
    *_REQUIRED,
    *("SOPClassUID", "Modality", "NumberOfFrames", "SamplesPerPixel", "PlanarConfiguration", "HighBit"),
    *("PixelRepresentation", "PixelPaddingValue", "PixelPaddingRangeLimit", "PresentationLUTShape"),
    *("ModalityLUTSequence", "RescaleSlope", "RescaleIntercept", "VOILUTSequence"),
    *("WindowCenter", "WindowWidth", "VOILUTFunction", "PixelData"),
)
# Retired: the bit of the pixels in which an overlay is drawn, of sixteen possible ones.
OVERLAY_BITS = tuple(Tag(group, 0x0102) for group in range(0x6000, 0x6020, 2))


def read(data: bytes) -> Dataset:
    """Read a DICOM file with or without preamble and file meta.

    Raises
    ------
    Refused
        If nothing in it says that it is one, or it is deflated.
    """
    if DeflatedExplicitVRLittleEndian.encode() in data:
        # pydicom inflates the whole file, up to a thousandfold, before its size is known.
        raise Refused(Reason.unreadable, "a deflated DICOM file; save it uncompressed")
    tags = [*(Tag(name) for name in _ELEMENTS), *OVERLAY_BITS]
    file = dcmread(io.BytesIO(data), force=True, specific_tags=tags)
    told = _modality(file) or _sop_class(file) or ("PixelData" in file and "Rows" in file)
    if data[128:132] != b"DICM" and not told:
        raise Refused(Reason.not_an_image, f"starts with {data[:4]!r}")
    if "TransferSyntaxUID" not in file.file_meta:
        file.file_meta.TransferSyntaxUID = _encoding(file)
    return file


def check_header(file: Dataset) -> None:
    """Check that a file is one radiograph of a supported kind, and fill in what the standard lets it omit.

    Raises
    ------
    Refused
        With the reason.
    """
    _check_kind(file)
    if int(file.get("NumberOfFrames") or 1) > 1:
        raise Refused(Reason.multi_frame, f"{int(file.NumberOfFrames)} frames")
    for name in _REQUIRED:
        if file.get(name) in (None, ""):
            raise Refused(Reason.unreadable, f"its header lacks {name}")
    check_size(file.Columns, file.Rows)
    grey = file.PhotometricInterpretation in _GREY
    for name, value in {"SamplesPerPixel": 1 if grey else 3, "PixelRepresentation": 0}.items():
        if file.get(name) is None:
            setattr(file, name, value)
    expected = {1: _GREY, 3: _COLOUR}.get(file.SamplesPerPixel, ())
    if file.PhotometricInterpretation not in expected:
        samples = int(file.SamplesPerPixel)
        raise Refused(
            Reason.unreadable,
            f"its photometric interpretation with {samples} samples per pixel is not one of radiographs",
        )
    if not grey and file.get("PlanarConfiguration") is None:
        file.PlanarConfiguration = 0
    _check_bits(file, (8, 16) if grey else (8,))
    _check_rescale(file)


def _check_kind(file: Dataset) -> None:
    """Tell a radiograph by its modality, else by its SOP class, else by that of the file meta."""
    modality, sop_class = _modality(file), _sop_class(file)
    if modality and modality not in MODALITIES:
        name = modality if re.fullmatch("[A-Z]{2,8}", modality) else "unknown to the standard"
        raise Refused(Reason.wrong_modality, f"modality {name}, not a radiograph")
    if "PixelData" not in file:
        raise Refused(Reason.truncated, "the DICOM file has no pixels, or ends before them")
    if modality or sop_class in RADIOGRAPHS:
        return
    # The name that the standard gives to a UID; of another UID nothing is quoted.
    name = sop_class.name if sop_class != sop_class.name else "one that the standard does not name"
    what = f"the SOP class is {name}" if sop_class else "the SOP class too"
    raise Refused(Reason.wrong_modality, f"the modality is missing, and {what}")


def _modality(file: Dataset) -> str:
    return str(file.get("Modality") or "").strip().upper()


def _sop_class(file: Dataset) -> UID:
    return UID(str(file.get("SOPClassUID") or file.file_meta.get("MediaStorageSOPClassUID") or ""))


def _encoding(file: Dataset) -> UID:
    implicit, little_endian = file.original_encoding
    if implicit:
        return ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if little_endian else ExplicitVRBigEndian


def _check_bits(file: Dataset, allocated: tuple[int, ...]) -> None:
    bits, stored = int(file.BitsAllocated), int(file.BitsStored)
    if bits not in allocated:
        supported = " and ".join(map(str, allocated))
        kind = "value" if file.SamplesPerPixel == 1 else "colour"
        raise Refused(Reason.unreadable, f"{bits} bits per {kind}; only {supported} are supported")
    if file.get("HighBit") is None:
        file.HighBit = stored - 1
    high = int(file.HighBit)
    if not 1 <= stored <= high + 1 <= bits:
        raise Refused(
            Reason.unreadable, f"its header contradicts itself: {stored} bits up to bit {high}, of {bits}"
        )
    signed = int(file.PixelRepresentation)
    colours = file.SamplesPerPixel == 3
    if signed not in (0, 1) or (
        colours and (signed or stored != bits or file.PlanarConfiguration not in (0, 1))
    ):
        raise Refused(Reason.unreadable, "its header describes pixels that the standard does not allow")


def _check_rescale(file: Dataset) -> None:
    """Fill in the half of a rescale that a file leaves out; without it, the other half would be ignored."""
    if file.get("RescaleSlope") is None and file.get("RescaleIntercept") is None:
        return
    for name, value in {"RescaleSlope": 1, "RescaleIntercept": 0}.items():
        if file.get(name) in (None, ""):
            setattr(file, name, value)
    if float(file.RescaleSlope) == 0:
        raise Refused(Reason.unreadable, "its rescale slope is 0, which makes all pixels equal")
