"""Open an X-ray: from a file's bytes to an upright 8-bit picture, or a refusal with its reason."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import Any

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from radiograph.limits import MAX_PIXELS, check_size
from radiograph.metadata import bare
from radiograph.modes import is_deep_colour, to_eight_bits
from radiograph.reasons import Reason, Refused

# Formats in which X-rays come; Pillow's others (icons, fonts, vector formats that start programs) stay shut.
FORMATS = ("JPEG", "PNG", "TIFF", "BMP", "GIF", "WEBP", "JPEG2000")
# What an opened X-ray says of its format when it came with tags.
DICOM = "DICOM"
# Of 16 bits a colour Pillow reads the upper 8, and a 12-bit picture has next to nothing left in them.
_DARK = 16

# What any decoder shows alike, without knowledge of modes or rotation.
_PLAIN_FORMATS = ("JPEG", "PNG")
# What files of these formats start with; BMP's two letters may start any text.
_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"II*\0", b"MM\0*", b"GIF8", b"\0\0\0\x0cjP  ")
# Without its preamble a DICOM file starts with an element of the file meta or of the identifying group.
_DICOM_STARTS = (b"\x02\0", b"\x08\0")


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
    bare : bytes or None
        The file as found without what stands in it beside the pixels, where every decoder shows it as
        `picture`.
    """

    picture: Image.Image
    width: int
    height: int
    format: str
    mode: str
    file_size: int
    bare: bytes | None

    def content(self) -> bytes:
        """Return a JPEG or PNG file of nothing but `picture`: coded as it was found, or else made anew."""
        return as_png(self.picture) if self.bare is None else self.bare


def open_xray(data: bytes) -> Xray:
    """Open the bytes of a file.

    Raises
    ------
    Refused
        With the reason; nothing else is raised, whatever the bytes.
    """
    if not data:
        raise Refused(Reason.empty, "the file has no bytes")
    try:
        with warnings.catch_warnings():
            # Pillow warns of what is decided here anyway: size, by the header; damage, by decoding.
            warnings.simplefilter("ignore")
            return _open(data)
    except Refused:
        raise
    except MemoryError:
        raise Refused(Reason.unreadable, "the picture does not fit in memory") from None
    except Exception as error:
        # Pillow's decoders name no exceptions of their own: on damaged bytes anything may come.
        raise _damaged(error) from None


def as_png(picture: Image.Image) -> bytes:
    """Return a PNG file with nothing but the pixels in it."""
    # A copy without info, which may hold text, profiles and a person's name.
    copy = Image.frombytes(picture.mode, picture.size, picture.tobytes())
    file = io.BytesIO()
    copy.save(file, "PNG")
    return file.getvalue()


def _open(data: bytes) -> Xray:
    if data[128:132] == b"DICM" or data.startswith(_DICOM_STARTS):
        # Half a second, which most folders need not pay.
        from radiograph.dicom import open_dicom

        picture, found_mode = open_dicom(data)
        found_format, plain = DICOM, False
    else:
        image = _read_header(data)
        found_format, found_mode = str(image.format), image.mode
        picture, changed = _read_pixels(image)
        plain = found_format in _PLAIN_FORMATS and found_mode == picture.mode and not changed
    if _is_blank(picture):
        raise Refused(Reason.blank, "all pixels are equal")
    # Texts, profiles and comments, some of which Pillow would write into whatever is saved of the picture.
    picture.info = {}
    kept = bare(data, found_format) if plain else None
    return Xray(picture, picture.width, picture.height, found_format, found_mode, len(data), kept)


def _read_header(data: bytes) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError:
        if data.startswith(_SIGNATURES):
            raise Refused(Reason.unreadable, "the header is damaged or cut off") from None
        # No more than tells the format: texts may start with a name.
        raise Refused(Reason.not_an_image, f"starts with {data[:4]!r}") from None
    except Image.DecompressionBombError:
        raise Refused(Reason.too_large, f"more than {MAX_PIXELS} pixels") from None
    check_size(image.width, image.height)
    return image


def _read_pixels(image: Image.Image) -> tuple[Image.Image, bool]:
    """Return the upright 8-bit picture, and whether it shows other pixels than the file's own."""
    # A camera's JPEG (MPO) holds previews of the one picture behind it, not several pictures.
    frames = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
    if frames > 1:
        raise Refused(Reason.multi_frame, f"{frames} frames")
    deep = is_deep_colour(image)
    image.load()
    rotated = _is_rotated(image)
    changed = rotated or deep or image.has_transparency_data
    if rotated:
        ImageOps.exif_transpose(image, in_place=True)
    picture = to_eight_bits(image)
    if deep and max(high for _, high in _extrema(picture)) < _DARK:
        raise Refused(Reason.unreadable, "16 bits a colour of which 12 are used; save it in grey")
    return picture, changed


def _is_rotated(image: Image.Image) -> bool:
    try:
        return bool(image.getexif().get(ExifTags.Base.Orientation, 1) != 1)
    except Exception:
        # Broken EXIF beside sound pixels: no program that shows the picture turns it then.
        return False


def _damaged(error: Exception) -> Refused:
    # No exception of its own for a file that ends early either, but the word is in all the messages.
    reason = Reason.truncated if "truncated" in str(error).lower() else Reason.unreadable
    return Refused(reason, f"damaged: {_line(error)}")


def _is_blank(picture: Image.Image) -> bool:
    middle = picture.width // 2, picture.height // 2
    # Nearly always enough, and looking at every pixel takes a tenth of the time of opening a file.
    if picture.getpixel((0, 0)) != picture.getpixel(middle):
        return False
    return all(low == high for low, high in _extrema(picture))


def _extrema(picture: Image.Image) -> list[tuple[float, float]]:
    found: Any = picture.getextrema()
    return [found] if picture.mode == "L" else list(found)


def _line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    # Some of Pillow's decoders say no more than a number.
    return text if any(map(str.isalpha, text)) else f"{type(error).__name__} {text}".strip()
