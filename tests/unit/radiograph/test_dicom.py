"""A DICOM radiograph opens as a viewer shows it, and nothing of the patient leaves the file."""

import io
import logging
import re
import struct
import tomllib
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import (
    UID,
    ComputedRadiographyImageStorage,
    DeflatedExplicitVRLittleEndian,
    DigitalXRayImageStorageForPresentation,
    JPEG2000Lossless,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    SecondaryCaptureImageStorage,
)
from radiograph import Reason, Refused, open_xray
from radiograph.dicom import open_dicom
from radiograph.dicom.pixels import EXTRA

from tests.corpus.chest import LOSSLESS, chest_file
from tests.corpus.dicom import (
    PATIENT,
    PATIENT_ID,
    coloured,
    eight_bits,
    jpeg,
    radiograph,
    run_lengths,
    written,
)
from tests.corpus.pictures import HEIGHT, WIDTH, encoded, picture, pixels

ROOT = Path(__file__).resolve().parents[3]
# A ramp that uses the whole of 12 bits, from 0 to 4095.
RAMP = np.tile(np.linspace(0, 4095, WIDTH).astype(np.uint16), (HEIGHT, 1))


@pytest.fixture
def logged():
    """What the root logger receives; caplog also records loggers that do not propagate."""
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    logging.getLogger().addHandler(handler)
    yield log
    logging.getLogger().removeHandler(handler)


def ramp(**elements) -> Dataset:
    return radiograph("ramp", **{"PixelData": RAMP.tobytes()} | elements)


def shown(file: Dataset, **options) -> np.ndarray:
    return np.asarray(open_xray(written(file, **options)).picture, int)


def refused(file: Dataset, **options) -> tuple[Reason, str]:
    with pytest.raises(Refused) as refusal:
        open_xray(written(file, **options))
    return refusal.value.reason, refusal.value.detail


def test_it_opens_as_grey_with_its_photometric_interpretation_as_mode():
    data = written(ramp())
    xray = open_xray(data)
    assert (xray.format, xray.mode, xray.file_size) == ("DICOM", "MONOCHROME2", len(data))
    assert (xray.width, xray.height, xray.picture.mode) == (WIDTH, HEIGHT, "L")


def test_without_a_window_the_full_range_is_shown():
    np.testing.assert_allclose(shown(ramp()), RAMP / 4095 * 255, atol=0.51)
    narrow = (RAMP // 4 + 1000).astype(np.uint16)
    np.testing.assert_allclose(shown(ramp(PixelData=narrow.tobytes())), shown(ramp()), atol=1)


def test_monochrome1_is_inverted():
    np.testing.assert_array_equal(shown(ramp(PhotometricInterpretation="MONOCHROME1")), 255 - shown(ramp()))


def test_the_first_window_maps_its_own_range():
    windowed = shown(ramp(WindowCenter=[1000, 2000], WindowWidth=[1000, 4000]))
    # PS3.3 C.11.2.1.2.1: 0 up to 499.5, 255 above 1498.5.
    expected = np.clip(((RAMP - 999.5) / 999 + 0.5) * 255, 0, 255)
    np.testing.assert_allclose(windowed, expected, atol=0.51)


def test_a_window_wider_than_the_values_maps_them_to_part_of_the_range():
    assert shown(ramp(WindowCenter=4096, WindowWidth=8192)).max() == 127


@pytest.mark.parametrize(
    "window", [{"WindowCenter": 5, "WindowWidth": 0}, {"WindowCenter": "", "WindowWidth": ""}]
)
def test_an_empty_window_is_ignored(window):
    np.testing.assert_array_equal(shown(ramp(**window)), shown(ramp()))


def test_the_rescale_comes_before_the_window_and_a_negative_slope_inverts():
    rescaled = ramp(RescaleSlope=-1, RescaleIntercept=4095, WindowCenter=2048, WindowWidth=4096)
    np.testing.assert_allclose(shown(rescaled), 255 - RAMP / 4095 * 255, atol=1)


def test_signed_values_are_supported():
    signed = (RAMP.astype(np.int16) - 2048).tobytes()
    file = ramp(PixelRepresentation=1, PixelData=signed, RescaleSlope=1, RescaleIntercept=0)
    np.testing.assert_array_equal(shown(file), shown(ramp()))


def lut(table, first=0, bits=16) -> list[Dataset]:
    item = Dataset()
    item.LUTDescriptor, item.LUTData = [len(table), first, bits], table
    item["LUTDescriptor"].VR = item["LUTData"].VR = "US"
    return [item]


def test_a_modality_lut_is_applied_before_a_voi_lut():
    fall = list(range(4095, -1, -1))
    square = [value * value // 4095 * 16 for value in range(4096)]
    both = shown(ramp(ModalityLUTSequence=lut(fall), VOILUTSequence=lut(square)))
    np.testing.assert_allclose(both, (4095 - RAMP.astype(int)) ** 2 / 4095**2 * 255, atol=1.01)


def test_values_beyond_a_short_lut_are_clipped_to_its_ends():
    low = RAMP // 4
    eight = shown(ramp(VOILUTSequence=lut(list(range(256)), first=500, bits=8), PixelData=low.tobytes()))
    np.testing.assert_array_equal(eight, np.clip(low.astype(int) - 500, 0, 255))


@pytest.mark.parametrize("make", [radiograph, run_lengths, lambda name: radiograph(name, Modality="CR")])
def test_compression_and_modality_do_not_change_the_picture(make):
    np.testing.assert_array_equal(shown(make("same")), shown(radiograph("same")))


def test_jpeg_and_jpeg_2000_are_decoded():
    expected = pixels("jpeg").astype(float)
    expected = (expected - expected.min()) / np.ptp(expected) * 255
    assert np.abs(shown(jpeg("jpeg")) - expected).mean() < 4
    wavelets = eight_bits("jpeg", PixelData=encapsulate([encoded(picture("jpeg"), "JPEG2000", no_jp2=True)]))
    wavelets["PixelData"].is_undefined_length = True
    np.testing.assert_allclose(shown(wavelets, syntax=JPEG2000Lossless), expected, atol=0.51)


def test_a_file_without_preamble_opens_to_the_same_picture():
    data = written(ramp(), preamble=False)
    assert data[128:132] != b"DICM"
    np.testing.assert_array_equal(np.asarray(open_xray(data).picture), shown(ramp()))


def test_every_colour_model_becomes_rgb():
    red = np.dstack([pixels("red"), pixels("red") // 2, pixels("red") // 4])
    np.testing.assert_array_equal(shown(coloured("red", PixelData=red.tobytes())), red)
    planes = np.ascontiguousarray(red.transpose(2, 0, 1)).tobytes()
    np.testing.assert_array_equal(shown(coloured("red", PlanarConfiguration=1, PixelData=planes)), red)
    ycc = np.asarray(Image.fromarray(red).convert("YCbCr")).tobytes()
    file = coloured("red", PhotometricInterpretation="YBR_FULL", PixelData=ycc)
    np.testing.assert_allclose(shown(file), red, atol=3)


def test_nothing_of_the_patient_is_in_the_stored_picture():
    marks = [PATIENT.encode(), PATIENT_ID.encode(), b"DOE"]
    data = written(ramp())
    assert all(mark in data for mark in marks)
    assert not any(mark in open_xray(data).content() for mark in marks)


@pytest.mark.parametrize(
    ("element", "name"),
    [(b"MONOCHROME2", b"DOE^JANE^^^"), (b"DX", b"D^"), (b"12345678", b"DOE^JANE"), (b"4096\\", b"DOE^J")],
)
def test_no_refusal_quotes_a_name_in_the_place_of_another_value(element, name, logged, capsys):
    frames = {"NumberOfFrames": 12345678} if element.isdigit() else {}
    data = written(ramp(WindowCenter=["4096", "1"], WindowWidth=["4096", "1"], **frames))
    assert element in data
    data = data.replace(element, name)
    with pytest.raises(Refused) as refusal:
        open_xray(data)
    printed = capsys.readouterr()
    assert name.decode() not in " ".join([str(refusal.value), logged.getvalue(), printed.out, printed.err])


def test_invalid_values_cause_no_warning_that_would_quote_them():
    data = written(ramp(NumberOfFrames=12345678)).replace(b"12345678", b"DOE^JANE")
    # Not through open_xray, whose warning filter other threads may undo.
    with warnings.catch_warnings(record=True) as warned, pytest.raises(Refused):
        warnings.simplefilter("always")
        open_dicom(data)
    assert warned == []


def test_a_damaged_codestream_is_refused_and_not_logged(logged):
    file = jpeg("cut")
    file.PixelData = encapsulate([encoded(picture("cut"), "JPEG")[:-300]])
    assert refused(file) == (Reason.truncated, "the DICOM file is damaged")
    assert logged.getvalue() == ""


@pytest.mark.parametrize("modality", ["CT", "MR", "MG", "US", "SR"])
def test_other_modalities_are_refused_by_name(modality):
    file = ramp(Modality=modality)
    assert refused(file) == (Reason.wrong_modality, f"modality {modality}, not a radiograph")


DX, CR = DigitalXRayImageStorageForPresentation, ComputedRadiographyImageStorage


def meta_alone(sop_class: UID) -> bytes:
    """A radiograph whose data set names neither modality nor SOP class."""
    file = ramp(Modality=None)
    file.file_meta.MediaStorageSOPClassUID = sop_class
    data = written(file)
    # pydicom writes no file without a SOP class in its data set.
    element = b"\x08\0\x16\0UI" + struct.pack("<H", len(DX) + len(DX) % 2) + DX.encode()
    assert element in data
    start = data.index(element)
    return data[:start] + data[start + 8 + len(DX) + len(DX) % 2 :]


@pytest.mark.parametrize("sop_class", [DX, CR])
@pytest.mark.parametrize("preamble", [True, False])
def test_without_a_modality_the_sop_class_tells_a_radiograph(sop_class, preamble):
    file = ramp(Modality=None, SOPClassUID=sop_class)
    np.testing.assert_array_equal(shown(file, preamble=preamble), shown(ramp()))


def test_without_either_the_file_meta_tells_a_radiograph_with_preamble_or_without():
    data = meta_alone(DX)
    assert data[128:132] == b"DICM"
    for form in (data, data[132:]):
        np.testing.assert_array_equal(np.asarray(open_xray(form).picture, int), shown(ramp()))


def test_a_modality_alone_is_enough_also_without_preamble():
    file = ramp(SOPClassUID=None)
    np.testing.assert_array_equal(shown(file, preamble=False), shown(ramp()))


def test_without_a_modality_another_sop_class_is_refused_by_name():
    file = ramp(Modality=None, SOPClassUID=SecondaryCaptureImageStorage)
    assert refused(file) == (
        Reason.wrong_modality,
        "the modality is missing, and the SOP class is Secondary Capture Image Storage",
    )
    file = ramp(Modality=None, SOPClassUID="1.2.3.4711")
    assert refused(file)[1].endswith("the SOP class is one that the standard does not name")


def test_a_modality_counts_more_than_the_sop_class():
    assert refused(ramp(Modality="CT", SOPClassUID=DX))[0] == Reason.wrong_modality


def test_an_invalid_modality_is_not_quoted():
    assert refused(ramp(Modality="DOE JANE")) == (
        Reason.wrong_modality,
        "modality unknown to the standard, not a radiograph",
    )


def test_without_an_installed_decoder_the_refusal_names_the_extra_that_has_it(monkeypatch):
    assert shown(LOSSLESS["jpeg lossless"](chest_file())).max() == 255
    monkeypatch.setattr(get_decoder(JPEGLosslessSV1), "_available", {})
    reason, detail = refused(LOSSLESS["jpeg lossless"](chest_file()))
    assert reason == Reason.unreadable
    assert "JPEG Lossless" in detail and "install covid-xray-pipelines[dicom], or save it" in detail


def test_the_extra_is_one_of_the_wheel_and_brings_what_the_decoders_need():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    name, extra = EXTRA.removesuffix("]").split("[")
    assert name == project["name"]
    brought = {re.split("[><=]", package)[0] for package in project["optional-dependencies"][extra]}
    assert brought == {"python-gdcm", "pyjpegls", "pylibjpeg", "pylibjpeg-openjpeg"}


def test_twelve_bits_of_lossy_jpeg_have_no_decoder():
    file = jpeg("twelve")
    file.BitsAllocated, file.BitsStored, file.HighBit = 16, 12, 11
    assert "of 12 bits: save it uncompressed" in refused(file, syntax=JPEGExtended12Bit)[1]


def test_the_size_in_the_header_is_checked_before_pixels_are_decoded(monkeypatch):
    monkeypatch.setattr("radiograph.dicom.pixels.get_decoder", lambda syntax: pytest.fail("decoded"))
    assert refused(ramp(Rows=20_000, Columns=20_000))[0] == Reason.too_large
    assert refused(ramp(Rows=20, Columns=48))[0] == Reason.too_small
    assert refused(ramp(NumberOfFrames=2)) == (Reason.multi_frame, "2 frames")


def test_a_deflated_file_is_refused_without_inflating_it(monkeypatch):
    monkeypatch.setattr("zlib.decompress", lambda *_: pytest.fail("unpacked"))
    assert refused(ramp(), syntax=DeflatedExplicitVRLittleEndian)[0] == Reason.unreadable


def test_a_compressed_picture_of_another_size_is_not_decoded():
    assert "another size" in refused(jpeg("other", size=(500, 500)))[1]


def test_pixels_that_end_early_are_truncated():
    assert refused(ramp(PixelData=RAMP.tobytes()[:-100]))[0] == Reason.truncated
    assert refused(ramp(PixelData=None))[0] == Reason.truncated
    assert refused(ramp(PixelData=bytes(RAMP.nbytes)))[0] == Reason.blank
