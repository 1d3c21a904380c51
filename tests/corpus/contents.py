"""Files that are special by what is in them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageCms
from pydicom.uid import HEVCMP51, DeflatedExplicitVRLittleEndian, SecondaryCaptureImageStorage
from radiograph import Reason

from tests.corpus import dicom
from tests.corpus.case import ACCEPTED, Case, case
from tests.corpus.chest import LOSSLESS, LOSSY, chest_file
from tests.corpus.named import named
from tests.corpus.pictures import (
    arithmetic_jpeg,
    chunk,
    drawn,
    encoded,
    picture,
    pixels,
    png_bomb,
    tiff_bomb,
    with_chunk,
)


def contents() -> list[Case]:
    """All of them."""
    images = (_no_images, _sound, _odd_but_sound, _named, _damaged, _of_a_wrong_kind, _cut)
    return [one for kind in (*images, _dicom, _dicom_refused) for one in kind()]


def _no_images() -> Iterator[Case]:
    yield case("empty.png", b"", Reason.empty)
    yield case("text.png", b"findings: none", Reason.not_an_image)
    yield case("error page.jpg", b"<!DOCTYPE html><title>404</title>", Reason.not_an_image)
    yield case("archive.png", b"PK\x03\x04" + bytes(60), Reason.not_an_image)
    yield case("vectors.png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n", Reason.not_an_image)
    yield case("icon.png", drawn("icon", "ICO", sizes=[(40, 40)]), Reason.not_an_image)
    yield case("zeros.png", bytes(4096), Reason.not_an_image)


def _sound() -> Iterator[Case]:
    for kind in ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP", "JPEG2000"):
        yield case(f"sound.{kind.lower()}", drawn(kind, kind), ACCEPTED)
    yield case("a png that is named.jpg", drawn("named jpg"), ACCEPTED)
    yield case("no suffix", drawn("no suffix", "JPEG"), ACCEPTED)
    yield case("CAPITALS.PNG", drawn("capitals"), ACCEPTED)


def _odd_but_sound() -> Iterator[Case]:
    rotated = Image.Exif()
    rotated[0x0112] = 6
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    deep = {name: pixels(name).astype(np.uint16) for name in ("16", "12", "negative", "float")}
    yield case("cmyk.jpg", drawn("cmyk", "JPEG", "CMYK"), ACCEPTED)
    yield case("rgba.png", drawn("rgba", mode="RGBA"), ACCEPTED)
    yield case("palette with alpha.png", drawn("palette", mode="P", transparency=bytes(range(256))), ACCEPTED)
    yield case("one bit.png", drawn("one bit", mode="1"), ACCEPTED)
    yield case("16 bits.png", encoded(Image.fromarray(deep["16"] * 257)), ACCEPTED)
    yield case("12 bits in 16.tif", encoded(Image.fromarray(deep["12"] * 16), "TIFF"), ACCEPTED)
    negative = encoded(Image.fromarray(deep["negative"]), "TIFF", tiffinfo={262: 0})
    yield case("negative of 16 bits.tif", negative, ACCEPTED)
    yield case("float.tif", encoded(Image.fromarray(deep["float"].astype(np.float32)), "TIFF"), ACCEPTED)
    yield case("progressive.jpg", drawn("progressive", "JPEG", progressive=True), ACCEPTED)
    yield case("arithmetic.jpg", arithmetic_jpeg("arithmetic"), ACCEPTED)
    yield case("rotated.jpg", drawn("rotated", "JPEG", exif=rotated), ACCEPTED)
    yield case("broken exif.jpg", drawn("exif", "JPEG", exif=b"Exif\0\0" + bytes(range(40))), ACCEPTED)
    yield case("broken exif.png", with_chunk(drawn("exif png"), b"eXIf", b"none at all"), ACCEPTED)
    yield case("profile.png", drawn("profile", mode="RGB", icc_profile=srgb), ACCEPTED)
    yield case("broken profile.jpg", drawn("no profile", "JPEG", icc_profile=b"none"), ACCEPTED)
    yield case("more behind.png", drawn("behind") + b"more", ACCEPTED)


def _named() -> Iterator[Case]:
    for path, data in named().items():
        yield case(path, data, ACCEPTED)


def _damaged() -> Iterator[Case]:
    values = pixels("nan").astype(np.float32)
    values[3, 3] = np.nan
    sound, text = drawn("bits"), b"note\0\0" + zlib.compress(bytes(20_000_000))
    deflated = drawn("deflated", "TIFF", compression="tiff_adobe_deflate")
    yield case("nan.tif", encoded(Image.fromarray(values), "TIFF"), Reason.unreadable)
    yield case("infinite.tif", encoded(Image.fromarray(values + np.inf), "TIFF"), Reason.unreadable)
    # libtiff says so on standard error.
    yield case("deflated.tif", deflated[:60] + b"\xff" * 40 + deflated[100:], Reason.unreadable)
    yield case("wrong checksum.png", sound[:60] + b"\0\0" + sound[62:], Reason.unreadable, Reason.truncated)
    yield case("header only.png", sound[:33] + chunk(b"IEND", b""), Reason.unreadable, Reason.truncated)
    yield case("text bomb.png", with_chunk(drawn("text bomb"), b"zTXt", text), Reason.unreadable)
    yield case("zeros behind a signature.jpg", b"\xff\xd8\xff" + bytes(500), Reason.unreadable)


def _of_a_wrong_kind() -> Iterator[Case]:
    frames = {"save_all": True, "append_images": [picture("second frame")]}
    yield case("bomb.png", png_bomb(20_000), Reason.too_large)
    yield case("bomb.tif", tiff_bomb(20_000), Reason.too_large)
    yield case("one pixel.png", encoded(Image.new("L", (1, 1), 9)), Reason.too_small)
    yield case("a line.png", encoded(Image.new("L", (20_000, 10), 9)), Reason.too_small)
    for kind in ("GIF", "TIFF", "PNG", "WEBP"):
        yield case(f"frames.{kind.lower()}", drawn(f"frames {kind}", kind, **frames), Reason.multi_frame)
    yield case("one shade.png", encoded(Image.new("L", (48, 40), 7)), Reason.blank)
    yield case("one colour.png", encoded(Image.new("RGB", (48, 40), (1, 90, 7))), Reason.blank)
    yield case("one deep shade.png", encoded(Image.new("I;16", (48, 40), 7)), Reason.blank)


def _dicom() -> Iterator[Case]:
    yield case("sound.dcm", dicom.written(dicom.radiograph("sound")), ACCEPTED)
    inverted = dicom.radiograph("inverted", PhotometricInterpretation="MONOCHROME1")
    yield case("inverted.dcm", dicom.written(inverted), ACCEPTED)
    yield case("colour.dcm", dicom.written(dicom.coloured("colour")), ACCEPTED)
    yield case("no preamble.dcm", dicom.written(dicom.radiograph("bare"), preamble=False), ACCEPTED)
    yield case("run lengths.dcm", dicom.written(dicom.run_lengths("rle")), ACCEPTED)
    yield case("jpeg.dcm", dicom.written(dicom.jpeg("jpeg")), ACCEPTED)
    for number, (name, change) in enumerate((LOSSLESS | LOSSY).items(), start=1):
        yield case(f"{name} chest.dcm", dicom.written(change(chest_file(8, ribs=number / 4))), ACCEPTED)
    no_modality = dicom.radiograph("sop class", Modality=None)
    yield case("sop class alone.dcm", dicom.written(no_modality), ACCEPTED)
    yield case("left.dcm", dicom.written(chest_file(high=15, ribs=0.1)), ACCEPTED)
    yield case("dicom named.png", dicom.written(dicom.radiograph("named png", Modality="CR")), ACCEPTED)


def _dicom_refused() -> Iterator[Case]:
    for modality in ("CT", "MG", "SR"):
        other = dicom.written(dicom.radiograph(modality, Modality=modality))
        yield case(f"{modality}.dcm", other, Reason.wrong_modality)
    unknown = dicom.radiograph("none", Modality=None, SOPClassUID=SecondaryCaptureImageStorage)
    yield case("no modality.dcm", dicom.written(unknown), Reason.wrong_modality)
    twice = dicom.radiograph("twice", NumberOfFrames=2)
    yield case("frames.dcm", dicom.written(twice), Reason.multi_frame)
    huge = dicom.radiograph("huge", Rows=20_000, Columns=20_000)
    yield case("bomb.dcm", dicom.written(huge), Reason.too_large)
    bare = dicom.radiograph("bare", PixelData=None)
    yield case("no pixels.dcm", dicom.written(bare), Reason.truncated)
    film = dicom.written(dicom.jpeg("film"), syntax=HEVCMP51)
    yield case("film.dcm", film, Reason.unreadable)
    deflated = dicom.written(dicom.radiograph("deflated"), syntax=DeflatedExplicitVRLittleEndian)
    yield case("deflated.dcm", deflated, Reason.unreadable)
    lying = dicom.written(dicom.jpeg("lying", size=(500, 500)))
    yield case("another size within.dcm", lying, Reason.unreadable)
    unsigned = chest_file(PixelRepresentation=1)
    yield case("unsigned values named signed.dcm", dicom.written(unsigned), Reason.unreadable)
    blank = dicom.radiograph("blank", PixelData=bytes(48 * 40 * 2))
    yield case("one shade.dcm", dicom.written(blank), Reason.blank)


def _cut() -> Iterator[Case]:
    whole = {kind: drawn(f"cut {kind}", kind) for kind in ("PNG", "JPEG", "TIFF")}
    whole["DCM"] = dicom.written(dicom.radiograph("cut"))
    for kind, data in whole.items():
        for tenth in range(1, 10):
            path, part = f"{tenth} tenths.{kind.lower()}", data[: len(data) * tenth // 10]
            yield case(path, part, Reason.truncated, Reason.unreadable)
