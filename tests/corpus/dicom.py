"""Small DICOM files with a patient in them, drawn by name."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image
from pydicom import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    JPEGBaseline8Bit,
    RLELossless,
    generate_uid,
)

from tests.corpus.pictures import encoded, pixels

PATIENT = "DOE^JANE"
PATIENT_ID = "MRN-4711"


def radiograph(name: str, **elements: object) -> Dataset:
    """A digital chest X-ray of 12 bits in 16, uncompressed; `elements` are set, or left out where None."""
    stored = pixels(name).astype(np.uint16) * 16
    file = Dataset()
    file.file_meta = FileMetaDataset()
    file.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file.file_meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    file.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[name])
    file.SOPClassUID = DigitalXRayImageStorageForPresentation
    file.SOPInstanceUID = file.file_meta.MediaStorageSOPInstanceUID
    file.Modality, file.PatientName, file.PatientID = "DX", PATIENT, PATIENT_ID
    file.StudyDate, file.InstitutionName, file.PatientComments = "20200317", "Hospital of DOE", "DOE, Jane"
    file.Rows, file.Columns = stored.shape
    file.SamplesPerPixel, file.PhotometricInterpretation = 1, "MONOCHROME2"
    file.BitsAllocated, file.BitsStored, file.HighBit, file.PixelRepresentation = 16, 12, 11, 0
    file.PixelData = stored.tobytes()
    for keyword, value in elements.items():
        if value is None:
            delattr(file, keyword)
        else:
            setattr(file, keyword, value)
    return file


def written(file: Dataset, preamble: bool = True, syntax: UID | None = None) -> bytes:
    """Its bytes; with a `syntax` that says something else than the pixels are."""
    out = io.BytesIO()
    if syntax is not None:
        file.file_meta.TransferSyntaxUID = syntax
    if preamble:
        file.save_as(out, enforce_file_format=True)
    else:
        del file.file_meta
        file.save_as(out, implicit_vr=True, little_endian=True)
    return out.getvalue()


def eight_bits(name: str, **elements: object) -> Dataset:
    """The same with 8 bits."""
    bits = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}
    return radiograph(name, **bits | {"PixelData": pixels(name).tobytes()} | elements)


def coloured(name: str, **elements: object) -> Dataset:
    """The same in RGB."""
    colours = {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0}
    return eight_bits(name, **colours | {"PixelData": np.dstack([pixels(name)] * 3).tobytes()} | elements)


def run_lengths(name: str) -> Dataset:
    """The same, compressed without loss by pydicom."""
    file = radiograph(name)
    file.compress(RLELossless, generate_instance_uid=False)
    return file


def jpeg(name: str, size: tuple[int, int] | None = None) -> Dataset:
    """The same as a JPEG of 8 bits, whose own size may be another than the header says."""
    image = Image.fromarray(pixels(name))
    file = eight_bits(name)
    file.PixelData = encapsulate([encoded(image.resize(size) if size else image, "JPEG", quality=95)])
    file["PixelData"].is_undefined_length = True
    file.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    return file
