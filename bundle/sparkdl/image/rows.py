"""Rows of Spark's image schema as arrays, and OpenCV's types of pixels, which are in its field `mode`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from pyspark.sql import Row

from sparkdl.errors import SparkdlError
from sparkdl.schema import imageSchema

Array = npt.NDArray[Any]


class OcvType(NamedTuple):
    """One of OpenCV's types of pixels.

    Attributes
    ----------
    name : str
        As CV_8UC3: 8 bits, unsigned, 3 channels.
    ord : int
        Its code, in the field `mode` of the image schema.
    nChannels : int
        1, 3 or 4.
    dtype : str
        NumPy's name of the type of one value.
    """

    name: str
    ord: int
    nChannels: int
    dtype: str


_CHANNELS = (1, 3, 4)
_TYPES = tuple(
    # OpenCV's code: the depth, plus eight for each channel after the first.
    OcvType(f"CV_{kind}C{channels}", depth + 8 * (channels - 1), channels, dtype)
    for channels in _CHANNELS
    for kind, depth, dtype in (("8U", 0, "uint8"), ("32F", 5, "float32"))
)
_KNOWN = ", ".join(f"{one.name} ({one.ord})" for one in _TYPES)


def imageTypeByOrdinal(ordinal: int) -> OcvType:
    """Return the type with this code; raise KeyError if it is none of those supported."""
    return _type(lambda one: one.ord == ordinal, ordinal)


def imageTypeByName(name: str) -> OcvType:
    """Return the type of this name; raise KeyError if it is none of those supported."""
    return _type(lambda one: one.name == name, name)


def _type(matches: Callable[[OcvType], bool], wanted: object) -> OcvType:
    for one in _TYPES:
        if matches(one):
            return one
    raise KeyError(f"images of the type {wanted!r} are not supported; convert to one of {_KNOWN}")


def imageArrayToStruct(imgArray: Array, origin: str = "") -> Row:
    """Return the row of an image.

    Parameters
    ----------
    imgArray : ndarray of uint8 or float32, shape (height, width, channels) or (1, height, width, channels)
    origin : str
        Where it comes from.

    Raises
    ------
    SparkdlError
        If the array has another shape or type.
    """
    array = np.asarray(imgArray)
    image = array[0] if array.ndim == 4 and len(array) == 1 else array
    if image.ndim != 3 or image.shape[2] not in _CHANNELS or image.dtype not in ("uint8", "float32"):
        raise SparkdlError(
            f"an array of {array.dtype} and shape {array.shape} is not an image: it must be of uint8 or "
            "float32, and (height, width, channels) with 1, 3 or 4 channels"
        )
    kind = imageTypeByName(f"CV_{'8U' if image.dtype == 'uint8' else '32F'}C{image.shape[2]}")
    height, width, channels = image.shape
    values = (origin, height, width, channels, kind.ord, bytearray(np.ascontiguousarray(image).tobytes()))
    return Row(*imageSchema.names)(*values)


def imageStructToArray(imageRow: Row) -> Array:
    """Return the pixels of a row, (height, width, channels) of uint8 or float32, as a view of its data.

    Raises
    ------
    SparkdlError
        If there is no row.
    KeyError
        As of `imageTypeByOrdinal`.
    """
    check_row(imageRow)
    kind = imageTypeByOrdinal(imageRow["mode"])
    shape = imageRow["height"], imageRow["width"], imageRow["nChannels"]
    return np.frombuffer(imageRow["data"], kind.dtype).reshape(shape)


def check_row(row: Row | None) -> None:
    """Refuse a null in place of a row, in one line."""
    if row is None:
        raise SparkdlError("there is no image in a null: leave out rows whose image is null")
