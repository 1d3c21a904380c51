"""Open an X-ray: turn a file's bytes into an upright 8-bit picture, or refuse them with a reason."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from radiograph.limits import MAX_PIXELS, check_size
from radiograph.metadata import strip_metadata
from radiograph.modes import has_16_bit_colours, scaled, to_eight_bits
from radiograph.reasons import Reason, Refused
from radiograph.scale import distinct_values, limits
from radiograph.tiff import check_complete, is_inverted, open_negative, own_values

# Formats of X-rays; Pillow's others (icons, fonts, vector formats that start programs) are not opened.
FORMATS = ("JPEG", "PNG", "TIFF", "BMP", "GIF", "WEBP", "JPEG2000")
# `Xray.format` of a DICOM file, which is not one of Pillow's formats.
DICOM = "DICOM"
# Pillow reads the upper 8 of 16 bits per colour; of a picture that uses only 12 bits they are below this.
_UPPER_BYTE_OF_12_BITS = 16

# Side of the sample that may show that a picture is not blank, and how many colours it then has at least.
_SAMPLE, _SAMPLED_COLOURS = 16, 8

# Formats that every decoder shows alike, whether or not it knows modes and rotation.
_PLAIN_FORMATS = ("JPEG", "PNG")
# First bytes of these formats; BMP is left out, since its two letters may start any text.
_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"II*\0", b"MM\0*", b"GIF8", b"\0\0\0\x0cjP  ")
# First bytes of a DICOM file without preamble: an element of the file meta or of the identifying group.
_DICOM_STARTS = (b"\x02\0", b"\x08\0", b"\0\x08")


@dataclass(frozen=True)
class Xray:
    """An opened X-ray.

    Attributes
    ----------
    picture : PIL.Image.Image
        Mode `L` or `RGB`, upright.
    width, height : int
        Of the picture, in pixels.
    format, mode : str
        Of the file as found, in Pillow's terms, e.g. `PNG` and `RGBA`; `DICOM` and its photometric
        interpretation, e.g. `MONOCHROME2`.
    file_size : int
        Of the file as found, in bytes.
    stripped : bytes or None
        The file as found without metadata, if every decoder shows it as `picture`; otherwise None.
    """

    picture: Image.Image
    width: int
    height: int
    format: str
    mode: str
    file_size: int
    stripped: bytes | None

    def content(self) -> bytes:
        """Return a JPEG or PNG file with nothing but `picture`: the stripped file, or else a new PNG."""
        return as_png(self.picture) if self.stripped is None else self.stripped


def open_xray(data: bytes) -> Xray:
    """Open the bytes of a file.

    Raises
    ------
    Refused
        With the reason. No other exception is raised, whatever the bytes.
    """
    if not data:
        raise Refused(Reason.empty, "the file has no bytes")
    try:
        with warnings.catch_warnings():
            # Pillow warns about size and damage, which are checked here: by the header and by decoding.
            warnings.simplefilter("ignore")
            return _open(data)
    except Refused:
        raise
    except MemoryError:
        raise Refused(Reason.unreadable, "the picture does not fit in memory") from None
    except Exception as error:
        # Pillow's decoders document no exceptions: damaged bytes may raise anything.
        raise _damaged(error) from None


def as_png(picture: Image.Image) -> bytes:
    """Return a PNG file that holds only pixels."""
    # A copy without `info`, which may hold text, profiles and a person's name.
    copy = Image.frombytes(picture.mode, picture.size, picture.tobytes())
    file = io.BytesIO()
    copy.save(file, "PNG")
    return file.getvalue()


def _open(data: bytes) -> Xray:
    if data[128:132] == b"DICM" or data.startswith(_DICOM_STARTS):
        # Importing it takes half a second, and most folders hold no DICOM files.
        from radiograph.dicom import open_dicom

        picture, found_mode = open_dicom(data)
        found_format, plain = DICOM, False
    else:
        image, negative = _read_header(data)
        found_format, found_mode = str(image.format), image.mode
        picture, changed = _read_pixels(image, negative)
        plain = found_format in _PLAIN_FORMATS and found_mode == picture.mode and not changed
    if _is_blank(picture):
        raise Refused(Reason.blank, "all pixels are equal")
    # Texts, profiles and comments: Pillow would write some of them when the picture is saved.
    picture.info = {}
    stripped = strip_metadata(data, found_format) if plain else None
    return Xray(picture, picture.width, picture.height, found_format, found_mode, len(data), stripped)


def _read_header(data: bytes) -> tuple[Image.Image, bool]:
    """Open a file by its header; also tell whether its picture has to be inverted."""
    try:
        image: Image.Image = Image.open(io.BytesIO(data), formats=FORMATS)
        negative = is_inverted(image)
    except UnidentifiedImageError:
        image, negative = _read_other_header(data), True
    except Image.DecompressionBombError:
        raise Refused(Reason.too_large, f"more than {MAX_PIXELS} pixels") from None
    check_size(image.width, image.height)
    return image, negative


def _read_other_header(data: bytes) -> Image.Image:
    image = open_negative(data)
    if image is not None:
        return image
    if data.startswith(_SIGNATURES):
        raise Refused(Reason.unreadable, "the header is damaged, cut off, or of an unsupported kind")
    # No more bytes than show the format: a text may start with a name.
    raise Refused(Reason.not_an_image, f"starts with {data[:4]!r}")


def _read_pixels(image: Image.Image, negative: bool) -> tuple[Image.Image, bool]:
    """Return the upright 8-bit picture, and whether its pixels differ from those stored in the file."""
    # The further frames of a camera's JPEG (MPO) are previews of the same picture.
    frames = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
    if frames > 1:
        raise Refused(Reason.multi_frame, f"{frames} frames")
    check_complete(image)
    deep = has_16_bit_colours(image)
    image.load()
    rotated = _is_rotated(image)
    changed = rotated or deep or image.has_transparency_data
    if rotated:
        ImageOps.exif_transpose(image, in_place=True)
    values = own_values(image)
    picture = to_eight_bits(image) if values is None else scaled(values)
    if negative:
        picture = ImageOps.invert(picture)
    if deep and max(high for _, high in _extrema(picture)) < _UPPER_BYTE_OF_12_BITS:
        raise Refused(Reason.unreadable, "uses only 12 of its 16 bits per colour; save it in grey")
    return picture, changed


def _is_rotated(image: Image.Image) -> bool:
    try:
        return bool(image.getexif().get(ExifTags.Base.Orientation, 1) != 1)
    except Exception:
        # With damaged EXIF and intact pixels, viewers show the picture unrotated.
        return False


def _damaged(error: Exception) -> Refused:
    # Pillow has no exception for a file that ends early, but all the messages have the word.
    reason = Reason.truncated if "truncated" in str(error).lower() else Reason.unreadable
    return Refused(reason, f"damaged: {_one_line(error)}")


def _is_blank(picture: Image.Image) -> bool:
    """Tell whether all pixels but a few are equal."""
    # A sample nearly always decides; looking at all takes a tenth of the time that opening the file takes.
    sample = picture.resize((_SAMPLE, _SAMPLE), Image.Resampling.NEAREST)
    if sample.getcolors(_SAMPLED_COLOURS) is None:
        return False
    ends = (limits(*distinct_values(np.asarray(channel))) for channel in picture.split())
    return all(low == high for low, high in ends)


def _extrema(picture: Image.Image) -> list[tuple[float, float]]:
    extrema: Any = picture.getextrema()
    return [extrema] if picture.mode == "L" else list(extrema)


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    # The messages of some of Pillow's decoders are only a number.
    return text if any(map(str.isalpha, text)) else f"{type(error).__name__} {text}".strip()
