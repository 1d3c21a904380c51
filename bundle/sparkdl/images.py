"""Turn a value of an image column into the RGB array that a network takes."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from sparkdl.errors import SparkdlError

# Java's image scaling hints as Pillow's filters.
_FILTERS = {
    "SCALE_AREA_AVERAGING": Image.Resampling.BOX,
    "SCALE_SMOOTH": Image.Resampling.BOX,
    "SCALE_DEFAULT": Image.Resampling.NEAREST,
    "SCALE_FAST": Image.Resampling.NEAREST,
    "SCALE_REPLICATE": Image.Resampling.NEAREST,
}
SCALE_HINTS = tuple(_FILTERS)

# Channels by OpenCV's type codes of unsigned bytes, which Spark's image schema has in its field `mode`.
_CHANNELS = {0: 1, 16: 3, 24: 4}
# OpenCV's depths: the code of a type is its depth, plus eight for each channel after the first.
_DEPTHS = ("8U", "8S", "16U", "16S", "32S", "32F", "64F", "16F")
_DEEPER_THAN_8_BITS = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")


def to_input(
    value: bytes | Mapping[str, Any] | None, size: int, scale_hint: str
) -> npt.NDArray[np.uint8] | None:
    """Decode an image and resize it to a network's input.

    Parameters
    ----------
    value : bytes, mapping or None
        An encoded file, or a row of Spark's image schema (bytes in the order BGR or BGRA).
    size : int
        Height and width of the result; the image is stretched to it, not cropped.
    scale_hint : str
        One of `SCALE_HINTS`.

    Returns
    -------
    ndarray of uint8, shape (size, size, 3), or None
        RGB, transparent pixels blended with black. None if there is no image or it cannot be decoded.

    Raises
    ------
    SparkdlError
        If a row of the image schema holds something else than unsigned bytes in 1, 3 or 4 channels.
    """
    if value is None:
        return None
    if isinstance(value, Mapping):
        _check_mode(value["mode"])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = _from_struct(value) if isinstance(value, Mapping) else _from_file(bytes(value))
    except Exception:
        # Damaged files raise nearly anything, and a file that cannot be decoded must not end the job.
        return None
    if image is None:
        return None
    # Grey becomes three equal channels last: one channel is resized instead of three.
    return np.asarray(_to_rgb(image.resize((size, size), _FILTERS[scale_hint])))


def _check_mode(mode: int | None) -> None:
    """Refuse pixels of other kinds; a row of a file that Spark could not decode has mode -1."""
    if mode is None or mode < 0 or mode in _CHANNELS:
        return
    kind = f"CV_{_DEPTHS[mode % 8]}C{mode // 8 + 1}"
    known = ", ".join(f"{code} (CV_8UC{channels})" for code, channels in _CHANNELS.items())
    raise SparkdlError(f"an image row has the mode {mode} ({kind}): convert its pixels to one of {known}")


def _from_file(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return _to_grey_or_rgb(_to_eight_bits(image) if image.mode in _DEEPER_THAN_8_BITS else image)


def _from_struct(row: Mapping[str, Any]) -> Image.Image | None:
    channels = _CHANNELS.get(row["mode"])
    if channels is None or row["height"] < 1 or row["width"] < 1:
        return None
    pixels = np.frombuffer(row["data"], np.uint8).reshape(row["height"], row["width"], channels)
    if channels == 1:
        return Image.fromarray(pixels[:, :, 0])
    order = [2, 1, 0] if channels == 3 else [2, 1, 0, 3]
    return _to_grey_or_rgb(Image.fromarray(np.ascontiguousarray(pixels[:, :, order])))


def _to_grey_or_rgb(image: Image.Image) -> Image.Image:
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), image).convert("RGB")
    return image if image.mode == "L" else _to_rgb(image)


def _to_rgb(image: Image.Image) -> Image.Image:
    # Pillow's convert() copies a picture that is RGB already: 144 MB of one of 36 megapixels.
    return image if image.mode == "RGB" else image.convert("RGB")


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Scale the range from the least to the greatest value to 0 to 255; Pillow's conversion would clip."""
    values = np.asarray(image, np.float64)
    low, high = values.min(), values.max()
    return Image.fromarray(np.rint((values - low) * (255 / max(high - low, 1e-300))).astype(np.uint8))
