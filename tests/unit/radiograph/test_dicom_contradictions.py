"""A header that contradicts its pixels, or itself, is refused with what is wrong: never applied to noise."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian, RLELossless
from radiograph import Reason, Refused, open_xray

from tests.corpus.chest import COLUMNS, LOSSLESS, LOSSY, ROWS, chest, chest_file
from tests.corpus.dicom import written

TWELVE = np.rint(chest() * 4095).astype("<u2")
EIGHT = np.rint(chest() * 255).astype(np.uint8)
GREY_IN_COLOURS = {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0}


def coloured(pixels: np.ndarray, **elements: object) -> Dataset:
    return chest_file(8, **GREY_IN_COLOURS | {"PixelData": pixels.tobytes()} | elements)


def with_elements(file: Dataset, **elements: object) -> Dataset:
    for name, value in elements.items():
        setattr(file, name, value)
    return file


def lut(table: np.ndarray, entries: int) -> list[Dataset]:
    """A lookup table of bytes, whose header may say another number of entries."""
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [entries, 0, 12])
    item.add_new("LUTData", "OW", table.astype("<u2").tobytes())
    return [item]


BY_PIXEL, BY_COLOUR = np.dstack([EIGHT] * 3), np.stack([EIGHT] * 3)
CONTRADICTIONS = {
    "high bit below the stored bits": (chest_file(HighBit=10), "12 bits up to bit 10, of 16"),
    "high bit beyond the allocated bits": (chest_file(HighBit=16), "12 bits up to bit 16, of 16"),
    "no bits": (chest_file(BitsStored=0), "0 bits up to bit 11, of 16"),
    "more bits than allocated": (chest_file(8, BitsStored=12, HighBit=11), "12 bits up to bit 11, of 8"),
    "bits that do not exist": (chest_file(BitsAllocated=12), "12 bits per value; only 8 and 16"),
    "left where it is right": (chest_file(HighBit=15), "more than the 12 bits"),
    "fewer bits than there are": (chest_file(BitsStored=8, HighBit=7), "more than the 8 bits"),
    "16 bits where there are 8": (chest_file(PixelData=EIGHT.tobytes()), "4608 bytes of pixels"),
    "8 bits where there are 16": (chest_file(8, PixelData=TWELVE.tobytes()), "9216 bytes of pixels"),
    "signed where it is not": (chest_file(PixelRepresentation=1), "look like unsigned values"),
    "unsigned where it is signed": (chest_file(16, signed=True, PixelRepresentation=0), "like signed values"),
    "another byte order": (
        chest_file(PixelData=TWELVE.byteswap().tobytes(), BitsStored=16, HighBit=15),
        "order",
    ),
    "rows for columns": (chest_file(Rows=COLUMNS, Columns=ROWS), f"like {ROWS} rows of {COLUMNS} pixels"),
    "a sign that does not exist": (chest_file(PixelRepresentation=2), "the standard does not allow"),
    "one colour where there are three": (
        chest_file(8, PixelData=BY_PIXEL.tobytes()),
        "13824 bytes of pixels",
    ),
    "three colours where there is one": (coloured(EIGHT), "4608 bytes of pixels, and its header"),
    "colours by plane": (coloured(BY_PIXEL, PlanarConfiguration=1), "another order of the colours"),
    "colours by pixel": (coloured(BY_COLOUR), "another order of the colours"),
    "signed colours": (coloured(BY_PIXEL, PixelRepresentation=1), "the standard does not allow"),
    "deep colours": (coloured(BY_PIXEL, BitsAllocated=16), "16 bits per colour; only 8"),
    "colours of fewer bits": (coloured(BY_PIXEL, BitsStored=6, HighBit=5), "the standard does not allow"),
    "grey in three": (chest_file(SamplesPerPixel=3), "not one of radiographs"),
    "a slope of 0": (chest_file(RescaleSlope=0, RescaleIntercept=0), "its rescale slope is 0"),
    "a window of other pixels": (chest_file(WindowCenter=100, WindowWidth=10), "grey levels"),
    "no size": (chest_file(Rows=None), "lacks Rows"),
    "no bits named": (chest_file(BitsStored=None), "lacks BitsStored"),
    "compressed, left": (with_elements(LOSSLESS["jpeg lossless"](chest_file()), HighBit=15), "highest bit"),
    "compressed, of more bits": (
        with_elements(LOSSLESS["jpeg lossless"](chest_file(16)), BitsAllocated=8, BitsStored=8, HighBit=7),
        "has 1 x 16 bits per pixel, the header 1 x 8",
    ),
    "compressed, of fewer colours": (with_elements(LOSSY["jpeg"](chest_file(8)), **GREY_IN_COLOURS), "1 x 8"),
    "compressed, of more bits than named": (
        with_elements(LOSSLESS["jpeg lossless"](chest_file()), BitsStored=10, HighBit=9),
        "more than the 10 bits",
    ),
    "columns too few": (
        with_elements(chest_file(), Columns=COLUMNS - 1),
        "bytes of pixels, and its header describes",
    ),
    "half the columns": (chest_file(Rows=2 * ROWS, Columns=COLUMNS // 2), f"{ROWS} rows of {COLUMNS} pixels"),
    "a short lookup table": (chest_file(VOILUTSequence=lut(np.arange(4000), entries=4096)), "4000 entries"),
    "a short table of modality": (
        chest_file(ModalityLUTSequence=lut(np.arange(256), entries=4096)),
        "has 256 entries, and its header says 4096",
    ),
    "values a little below 0, named unsigned": (
        chest_file(16, PixelData=(TWELVE.astype(int) - 300).astype("<i2").tobytes()),
        "look like signed values",
    ),
    "compressed, signed where it is not": (
        with_elements(LOSSLESS["jpeg-ls"](chest_file()), PixelRepresentation=1),
        "look like unsigned values",
    ),
}


def refused(data: bytes) -> tuple[Reason, str]:
    with pytest.raises(Refused) as refusal:
        open_xray(data)
    return refusal.value.reason, refusal.value.detail


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_contradiction_is_refused_with_what_it_is(name):
    file, detail = CONTRADICTIONS[name]
    reason, told = refused(written(file))
    assert reason == Reason.unreadable and detail in told


@pytest.mark.parametrize(
    ("file", "other", "state"),
    [
        (LOSSLESS["rle"](chest_file()), ExplicitVRLittleEndian, "are compressed"),
        (chest_file(), RLELossless, "are not compressed"),
    ],
)
def test_a_transfer_syntax_that_contradicts_the_pixels_is_refused(file, other, state):
    data = written(file).replace(file.file_meta.TransferSyntaxUID.encode(), other.encode())
    assert refused(data) == (Reason.unreadable, f"its pixels {state}, and its header says otherwise")


def test_overlays_in_unused_bits_are_left_out():
    drawn = TWELVE | (np.eye(ROWS, COLUMNS, dtype="<u2") << 12)
    assert "more than the 12 bits" in refused(written(chest_file(PixelData=drawn.tobytes())))[1]
    file = chest_file(PixelData=drawn.tobytes())
    file.add_new(0x60000102, "US", 12)
    plain = np.asarray(open_xray(written(chest_file())).picture)
    np.testing.assert_array_equal(np.asarray(open_xray(written(file)).picture), plain)


def test_a_few_pixels_with_other_bits_are_defects_and_no_contradiction():
    open_xray(written(chest_file(defects={50: 0xF000, 60: 0xF000})))


def test_a_picture_that_is_blank_but_for_a_few_pixels_or_padding_is_blank():
    codes = np.full((ROWS, COLUMNS), 700, "<u2")
    codes[3, 3:9] = 4000
    assert refused(written(chest_file(PixelData=codes.tobytes()))) == (Reason.blank, "all pixels are equal")
    codes[20:] = 0
    blank = chest_file(PixelData=codes.tobytes(), PixelPaddingValue=0)
    assert refused(written(blank)) == (Reason.blank, "all pixels are equal")


def test_a_codestream_that_ends_the_decoders_process_is_refused():
    # A restart marker in the place of the Huffman table: GDCM 3.2 then calls abort().
    data = written(LOSSLESS["jpeg lossless"](chest_file(8))).replace(b"\xff\xc4", b"\xff\xd4")
    assert refused(data) == (Reason.unreadable, "the DICOM file is damaged")


@pytest.mark.parametrize("side", [400, 1500])
@pytest.mark.parametrize(("stored", "signed"), [(12, True), (16, False)])
def test_a_wrong_sign_is_noticed_at_any_size(side, stored, signed):
    grown = np.asarray(Image.fromarray(chest().astype(np.float32)).resize((side, side)))
    values = np.rint(grown * (2**stored - 1)).astype(int) - (0 if signed else 2 ** (stored - 1))
    pixels = (values & 0xFFFF).astype("<u2").tobytes()
    size = {"Rows": side, "Columns": side}
    sound = written(chest_file(stored, PixelRepresentation=int(not signed), PixelData=pixels, **size))
    assert open_xray(sound).picture.size == (side, side)
    wrong = written(chest_file(stored, PixelRepresentation=int(signed), PixelData=pixels, **size))
    assert refused(wrong)[1].endswith("unsigned values" if signed else "signed values")


def test_signed_values_in_coarse_steps_are_not_taken_for_another_byte_order():
    coarse = np.rint(chest() * 255).astype(int) * 16 - 2048
    file = chest_file(signed=True, PixelData=(coarse & 0xFFFF).astype("<u2").tobytes())
    np.testing.assert_allclose(np.asarray(open_xray(written(file)).picture, float), chest() * 255, atol=1)


def test_a_codestream_that_its_decoder_complains_of_is_refused():
    data = written(LOSSLESS["jpeg lossless"](chest_file(8)))
    middle = data.index(b"\xff\xda") + 600
    assert refused(data[:middle] + b"\xff\0" * 30 + data[middle + 60 :])[0] == Reason.unreadable
