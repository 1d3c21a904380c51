"""A chest opens as the same picture in whichever way a DICOM file holds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from pydicom import Dataset
from radiograph import open_xray

from tests.corpus.chest import LOSSLESS, LOSSY, PADDED, chest, chest_file
from tests.corpus.dicom import written

Make = Callable[[], Dataset]


def lut(values: np.ndarray, first: int, bits: int) -> list[Dataset]:
    item = Dataset()
    item.LUTDescriptor, item.LUTData = [len(values) % 2**16, first, bits], [int(value) for value in values]
    item["LUTDescriptor"].VR = item["LUTData"].VR = "US"
    return [item]


def window(low: float, high: float) -> dict[str, float]:
    """The window that shows these values as black and white: PS3.3 C.11.2.1.2.1."""
    return {"WindowCenter": (low + high + 1) / 2, "WindowWidth": high - low + 1}


# How a header says that the least value is white, and how that it is black.
FALLING = {
    "monochrome1": {"PhotometricInterpretation": "MONOCHROME1"},
    "inverse": {"PresentationLUTShape": "INVERSE"},
    "monochrome1, inverse": {"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "INVERSE"},
    "negative slope": {"RescaleSlope": -1},
    "falling lut": {"VOILUTSequence": lut(np.arange(4095, -1, -1), 0, 12)},
}
RISING = {"identity": {"PresentationLUTShape": "IDENTITY"}, "no shape": {}}
BITS = {
    "8": {"stored": 8},
    "10": {"stored": 10},
    "12": {"stored": 12},
    "14": {"stored": 14},
    "16": {"stored": 16},
    "8 of 16": {"stored": 8, "allocated": 16},
    "12, left": {"stored": 12, "high": 15},
    "10 in the middle": {"stored": 10, "high": 12},
}
# Of 12 bits, where not said otherwise: unsigned, so 0 to 4095.
MAPPED = {
    "window": window(0, 4095),
    "windows": {"WindowCenter": [2048, 1000], "WindowWidth": [4096, 100]},
    "exact window": {"WindowCenter": 2048, "WindowWidth": 4095, "VOILUTFunction": "LINEAR_EXACT"},
    "window of rescaled values": {"RescaleSlope": 2, "RescaleIntercept": -1000} | window(-1000, 7190),
    "rescale": {"RescaleSlope": 0.25, "RescaleIntercept": 10},
    "intercept alone": {"RescaleIntercept": -1024} | window(-1024, 3071),
    "modality lut": {"ModalityLUTSequence": lut(np.arange(4096) * 16, 0, 16)},
    "voi lut": {"VOILUTSequence": lut(np.arange(4096) * 16 + 15, 0, 16)},
    "voi lut of 8 bits": {"VOILUTSequence": lut(np.arange(4096) // 16, 0, 8)},
    "empty window": {"WindowCenter": "", "WindowWidth": ""},
}
PADDING = {
    "least": {"padding": 0, "PixelPaddingValue": 0},
    "beyond the stored bits": {"padding": 0xF830, "PixelPaddingValue": 0xF830},
    "a range": {"padding": 60_000, "PixelPaddingValue": 65_535, "PixelPaddingRangeLimit": 50_000},
    "white": {"padding": 4095, "PixelPaddingValue": 4095},
    "of signed values": {"padding": -2048, "PixelPaddingValue": -2048, "signed": True},
    "signed, beyond the stored bits": {"padding": -30_000, "PixelPaddingValue": -30_000, "signed": True},
    "of 16 bits": {"padding": 65_535, "PixelPaddingValue": 65_535, "stored": 16},
    "least is white": {"padding": 0, "PixelPaddingValue": 0, "falling": True} | FALLING["monochrome1"],
}
HOT, DEAD = {100: 0xFFFF, 1700: 0xFFF0, 3000: 0xFFFF}, {200: 0, 1800: 3}


def readable() -> Iterator[tuple[str, Make]]:
    for name, elements in FALLING.items():
        yield name, lambda e=elements: chest_file(falling=True, **e)
    for name, elements in RISING.items():
        yield name, lambda e=elements: chest_file(**e)
    for name, bits in BITS.items():
        for signed in (False, True):
            yield f"bits {name}{', signed' * signed}", lambda b=bits, s=signed: chest_file(signed=s, **b)
    yield "signed, not extended", lambda: chest_file(signed=True, PixelData=not_extended())
    for name, elements in MAPPED.items():
        yield name, lambda e=elements: chest_file(**e)
    for name, change in LOSSLESS.items():
        for stored in (8, 12, 16):
            if (name, stored) != ("big endian", 8):
                yield f"{name}, {stored}", lambda c=change, s=stored: c(chest_file(s))
    for name in ("implicit", "rle", "jpeg lossless", "jpeg-ls", "jpeg 2000 lossless"):
        yield f"{name}, signed", lambda n=name: LOSSLESS[n](chest_file(signed=True))
        negative = {"falling": True} | FALLING["monochrome1"] | window(0, 4095)
        yield f"{name}, negative with a window", lambda n=name, e=negative: LOSSLESS[n](chest_file(**e))
    for name, change in LOSSY.items():
        yield name, lambda c=change: c(chest_file(8))
    narrow = chest_file(16, PixelData=narrow_range())
    yield "hot pixels", lambda: spotted(narrow, HOT)
    yield "dead pixels", lambda: spotted(narrow, DEAD)
    yield "hot and dead pixels", lambda: spotted(narrow, HOT | DEAD)
    yield "hot pixels of 12 bits beyond them", lambda: chest_file(12, defects=HOT)


def narrow_range() -> bytes:
    """The picture as values from 20,000 to 24,000 of 16 bits."""
    return np.rint(20_000 + 4_000 * chest()).astype("<u2").tobytes()


def not_extended() -> bytes:
    """The picture as two's complements of 12 bits, the bits above them 0."""
    return ((np.rint(chest() * 4095).astype(int) - 2048) & 0xFFF).astype("<u2").tobytes()


def spotted(file: Dataset, defects: dict[int, int]) -> Dataset:
    codes = np.frombuffer(file.PixelData, "<u2").copy()
    codes[list(defects)] = list(defects.values())
    return chest_file(16, PixelData=codes.tobytes())


def padded() -> Iterator[tuple[str, Make]]:
    for name, options in PADDING.items():
        yield name, lambda o=options: chest_file(**o)


def cases(some: Iterator[tuple[str, Make]]) -> list:
    return [pytest.param(make, id=name) for name, make in some]


def shown(file: Dataset) -> np.ndarray:
    return np.asarray(open_xray(written(file)).picture, float)


def assert_same(found: np.ndarray, expected: np.ndarray) -> None:
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] >= 0.99
    assert len(np.unique(found)) >= 200
    assert abs(found.mean() - expected.mean()) <= 3


def test_there_are_sixty_variants_or_more():
    assert len([*readable(), *padded()]) >= 60


@pytest.mark.parametrize("make", cases(readable()))
def test_a_variant_shows_the_picture_that_it_was_made_from(make):
    assert_same(shown(make()), chest() * 255)


@pytest.mark.parametrize("make", cases(padded()))
def test_padding_is_black_and_sets_no_scale(make):
    found, left = shown(make()), chest()[:, : PADDED.start]
    assert (found[:, PADDED] == 0).all()
    assert_same(found[:, : PADDED.start], (left - left.min()) / np.ptp(left) * 255)


def test_padding_is_black_also_beside_a_window_that_sets_the_scale():
    found = shown(chest_file(**PADDING["beyond the stored bits"], **window(0, 4095)))
    assert (found[:, PADDED] == 0).all()
    assert_same(found[:, : PADDED.start], chest()[:, : PADDED.start] * 255)
