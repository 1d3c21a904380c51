"""Between arrays, Pillow's images and rows of Spark's image schema: `sparkdl.image.imageIO` of version 1.5.

Arrays of several channels are in OpenCV's order, blue first (BGR, BGRA), as the schema holds them.
"""

# ruff: noqa: N999 - the names of version 1.5

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from PIL import Image
from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F
from pyspark.sql.functions import arrow_udf  # type: ignore[attr-defined]
from pyspark.sql.pandas.types import to_arrow_type

from sparkdl.errors import SparkdlError
from sparkdl.schema import current_session, imageSchema

Array = npt.NDArray[Any]
Decode = Callable[[bytes], Array]


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


_TYPES = tuple(
    # OpenCV's code: the depth, plus eight for each channel after the first.
    OcvType(f"CV_{kind}C{channels}", depth + 8 * (channels - 1), channels, dtype)
    for channels in (1, 3, 4)
    for kind, depth, dtype in (("8U", 0, "uint8"), ("32F", 5, "float32"))
)
_KNOWN = ", ".join(f"{one.name} ({one.ord})" for one in _TYPES)
# Pillow's modes of one, three and four channels.
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


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
    if image.ndim != 3 or image.shape[2] not in _MODES or image.dtype not in ("uint8", "float32"):
        raise SparkdlError(
            f"an array of {array.dtype} and shape {array.shape} is no image: it must be of uint8 or float32, "
            "and (height, width, channels) with 1, 3 or 4 channels"
        )
    kind = imageTypeByName(f"CV_{'8U' if image.dtype == 'uint8' else '32F'}C{image.shape[2]}")
    height, width, channels = image.shape
    values = (origin, height, width, channels, kind.ord, bytearray(np.ascontiguousarray(image).tobytes()))
    return Row(*imageSchema.names)(*values)


def imageStructToArray(imageRow: Row) -> Array:
    """Return the pixels of a row, (height, width, channels) of uint8 or float32, as a view of its data."""
    kind = imageTypeByOrdinal(imageRow["mode"])
    shape = imageRow["height"], imageRow["width"], imageRow["nChannels"]
    return np.frombuffer(imageRow["data"], kind.dtype).reshape(shape)


def imageStructToPIL(imageRow: Row) -> Image.Image:
    """Return a row of bytes as Pillow's image; raise SparkdlError if it holds float32."""
    kind = imageTypeByOrdinal(imageRow["mode"])
    if kind.dtype != "uint8":
        raise SparkdlError(f"a row of {kind.name} is no picture of bytes: convert its pixels to uint8")
    pixels = imageStructToArray(imageRow)
    return Image.fromarray(pixels[:, :, 0] if kind.nChannels == 1 else _other_order(pixels))


def PIL_to_imageStruct(img: Image.Image) -> Array:
    """Return the pixels of Pillow's image as the image schema has them: shape (height, width, channels)."""
    image = img if img.mode in _MODES.values() else img.convert("RGB")
    pixels = np.asarray(image)
    return pixels[:, :, None] if pixels.ndim == 2 else _other_order(pixels)


def fixColorChannelOrdering(currentOrder: str, imgAry: Array) -> Array:
    """Return an array of channels in the order of the image schema.

    Parameters
    ----------
    currentOrder : str
        `RGB`, `BGR` or `L`.

    Raises
    ------
    SparkdlError
        If it is none of these, or `L` and there is more than one channel.
    """
    if currentOrder == "L" and imgAry.ndim == 3 and imgAry.shape[2] != 1:
        raise SparkdlError(f"an array of shape {imgAry.shape} has more channels than the one of order L")
    if currentOrder not in ("RGB", "BGR", "L"):
        raise SparkdlError(f"{currentOrder!r} is no order of channels; give RGB, BGR or L")
    return _other_order(imgAry) if currentOrder == "RGB" else imgAry


def _other_order(pixels: Array) -> Array:
    """Turn RGB(A) into BGR(A) and back; transparency stays last."""
    order = [2, 1, 0, 3][: pixels.shape[2]] if pixels.shape[2] > 1 else [0]
    return np.ascontiguousarray(pixels[:, :, order])


def PIL_decode(raw_bytes: bytes) -> Array:
    """Return the pixels of an encoded file, as `PIL_to_imageStruct`."""
    return PIL_to_imageStruct(Image.open(io.BytesIO(raw_bytes)))


def PIL_decode_and_resize(size: tuple[int, int]) -> Decode:
    """Return a function that decodes a file and resizes it to (width, height)."""

    def decode(raw_bytes: bytes) -> Array:
        return PIL_to_imageStruct(Image.open(io.BytesIO(raw_bytes)).resize(size))

    return decode


def createResizeImageUDF(size: tuple[int, int]) -> Callable[[Column], Column]:
    """Return a function of an image column that resizes its images to (height, width)."""
    if len(size) != 2:
        raise SparkdlError(f"a size is (height, width), not {size!r}")

    def resize(row: Row) -> Row:
        if (row["height"], row["width"]) == tuple(size):
            return row
        resized = imageStructToPIL(row).resize((size[1], size[0]))
        return imageArrayToStruct(PIL_to_imageStruct(resized), row["origin"])

    return _of_images(resize)


def filesToDF(sc: object, path: str, numPartitions: int | None = None) -> DataFrame:
    """Return the files of a folder, a file or a pattern: columns `filePath` and `fileData`.

    `sc` is not used: it stands where programs of version 1.5 have their SparkContext.
    """
    files = current_session().read.format("binaryFile").load(path)
    parts = files if numPartitions is None else files.repartition(numPartitions)
    return parts.select(F.col("path").alias("filePath"), F.col("content").alias("fileData"))


def readImagesWithCustomFn(path: str, decode_f: Decode, numPartition: int | None = None) -> DataFrame:
    """Read images with a function of one's own.

    Parameters
    ----------
    path : str
        A folder, a file or a pattern.
    decode_f : callable
        From the bytes of a file to an array as `imageArrayToStruct` takes it. `PIL_decode` is one.
    numPartition : int, optional
        Partitions of the result.

    Returns
    -------
    DataFrame
        Column `image` in Spark's image schema; null where `decode_f` cannot read the file (OSError,
        SyntaxError or ValueError, as Pillow raises for damaged files).
    """

    def decode(row: dict[str, Any]) -> Row | None:
        try:
            return imageArrayToStruct(decode_f(row["fileData"]), row["filePath"])
        except SparkdlError:
            raise
        except (OSError, SyntaxError, ValueError):
            return None

    files = filesToDF(None, path, numPartition)
    return files.select(_of_images(decode)(F.struct("filePath", "fileData")).alias("image"))


def to_arrow(rows: Iterable[Row | None]) -> pa.Array:
    """Return rows of images as Arrow's array of the image schema."""
    values = [None if row is None else row.asDict() for row in rows]
    return pa.array(values, to_arrow_type(imageSchema))


def _of_images(function: Callable[[Any], Row | None]) -> Callable[[Column], Column]:
    """Return a function of a column of structs that calls `function` for each that is not null."""

    @arrow_udf(imageSchema)  # type: ignore[untyped-decorator]
    def apply(batches: Iterator[pa.Array]) -> Iterator[pa.Array]:
        for batch in batches:
            rows = [None if value is None else function(value) for value in batch.to_pylist()]
            yield to_arrow(rows)

    result: Callable[[Column], Column] = apply
    return result
