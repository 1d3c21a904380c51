"""From an image column's value to the RGB array that a network takes."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from pyspark.sql.types import BinaryType, IntegerType, StringType, StructField, StructType

# Spark's image data source: https://spark.apache.org/docs/latest/ml-datasource.html
imageSchema = StructType(  # noqa: N816 - Spark's own name for it
    [
        StructField("origin", StringType()),
        StructField("height", IntegerType()),
        StructField("width", IntegerType()),
        StructField("nChannels", IntegerType()),
        StructField("mode", IntegerType()),
        StructField("data", BinaryType()),
    ]
)

# Java's image scaling hints, in Pillow's terms.
_FILTERS = {
    "SCALE_AREA_AVERAGING": Image.Resampling.BOX,
    "SCALE_SMOOTH": Image.Resampling.BOX,
    "SCALE_DEFAULT": Image.Resampling.NEAREST,
    "SCALE_FAST": Image.Resampling.NEAREST,
    "SCALE_REPLICATE": Image.Resampling.NEAREST,
}
SCALE_HINTS = tuple(_FILTERS)

# OpenCV's codes of unsigned bytes in 1, 3 and 4 channels, by which Spark names its modes.
_CHANNELS = {0: 1, 16: 3, 24: 4}
_DEEP = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")


def to_input(
    value: bytes | Mapping[str, Any] | None, size: int, scale_hint: str
) -> npt.NDArray[np.uint8] | None:
    """Decode an image and bring it to a network's size.

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
        RGB; transparency is laid over black. None where there is no image, or none that can be decoded.
    """
    if value is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = _from_struct(value) if isinstance(value, Mapping) else _from_file(bytes(value))
    except Exception:
        # Damaged files raise nearly anything; the contract is a null, not a lost job.
        return None
    if image is None:
        return None
    # Grey becomes three equal channels last: there is a third to resize then.
    return np.asarray(image.resize((size, size), _FILTERS[scale_hint]).convert("RGB"))


def _from_file(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return _grey_or_rgb(_scaled(image) if image.mode in _DEEP else image)


def _from_struct(row: Mapping[str, Any]) -> Image.Image | None:
    channels = _CHANNELS.get(row["mode"])
    if channels is None or row["height"] < 1 or row["width"] < 1:
        return None
    pixels = np.frombuffer(row["data"], np.uint8).reshape(row["height"], row["width"], channels)
    if channels == 1:
        return Image.fromarray(pixels[:, :, 0])
    order = [2, 1, 0] if channels == 3 else [2, 1, 0, 3]
    return _grey_or_rgb(Image.fromarray(np.ascontiguousarray(pixels[:, :, order])))


def _grey_or_rgb(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image if image.mode == "L" else image.convert("RGB")
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), image).convert("RGB")


def _scaled(image: Image.Image) -> Image.Image:
    """Scale more than 8 bits from the least to the greatest value; Pillow's conversion would clip them."""
    values = np.asarray(image, np.float64)
    low, high = values.min(), values.max()
    return Image.fromarray(np.rint((values - low) * (255 / max(high - low, 1e-300))).astype(np.uint8))
