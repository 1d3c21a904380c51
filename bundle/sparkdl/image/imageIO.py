"""Between arrays, Pillow's images and rows of Spark's image schema: `sparkdl.image.imageIO` of version 1.5.

Arrays of several channels are in OpenCV's order, blue first (BGR, BGRA), as the schema holds them.
"""

# ruff: noqa: N999 - the names of version 1.5

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from PIL import Image
from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F
from pyspark.sql.functions import arrow_udf  # type: ignore[attr-defined]
from pyspark.sql.pandas.types import to_arrow_type

from sparkdl.argument import checked
from sparkdl.errors import SparkdlError, one_line
from sparkdl.image.rows import OcvType as OcvType
from sparkdl.image.rows import check_row
from sparkdl.image.rows import imageArrayToStruct as imageArrayToStruct
from sparkdl.image.rows import imageStructToArray as imageStructToArray
from sparkdl.image.rows import imageTypeByName as imageTypeByName
from sparkdl.image.rows import imageTypeByOrdinal as imageTypeByOrdinal
from sparkdl.schema import current_session, holds_image_structs, imageSchema
from sparkdl.values import is_whole

Array = npt.NDArray[Any]
Decode = Callable[[bytes], Array]


# Pillow's modes of one, three and four channels.
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def imageStructToPIL(imageRow: Row) -> Image.Image:
    """Return a row of bytes as Pillow's image; raise SparkdlError if it holds float32, or there is no row."""
    check_row(imageRow)
    kind = imageTypeByOrdinal(imageRow["mode"])
    if kind.dtype != "uint8":
        raise SparkdlError(f"a row of {kind.name} is not a picture of bytes: convert its pixels to uint8")
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
        raise SparkdlError(f"{currentOrder!r} is not an order of channels; give RGB, BGR or L")
    return _other_order(imgAry) if currentOrder == "RGB" else imgAry


def _other_order(pixels: Array) -> Array:
    """Turn RGB(A) into BGR(A) and back; transparency stays last."""
    order = [2, 1, 0, 3][: pixels.shape[2]] if pixels.shape[2] > 1 else [0]
    return np.ascontiguousarray(pixels[:, :, order])


def PIL_decode(raw_bytes: bytes) -> Array:
    """Return the pixels of an encoded file, as `PIL_to_imageStruct`."""
    return PIL_to_imageStruct(Image.open(io.BytesIO(raw_bytes)))


def PIL_decode_and_resize(size: tuple[int, int]) -> Decode:
    """Return a function that decodes a file and resizes it to (width, height).

    Raises
    ------
    SparkdlError
        If the size is not two whole numbers of at least 1.
    """
    _check_size(size, "(width, height)")

    def decode(raw_bytes: bytes) -> Array:
        return PIL_to_imageStruct(Image.open(io.BytesIO(raw_bytes)).resize(size))

    return decode


def createResizeImageUDF(size: tuple[int, int]) -> Callable[[Column], Column]:
    """Return a function of an image column that resizes its images to (height, width).

    It returns null for a null image and for one that Spark could not decode.

    Raises
    ------
    SparkdlError
        If the size is not two whole numbers of at least 1.
    """
    _check_size(size, "(height, width)")

    def resize(row: Row) -> Row | None:
        if row["height"] < 1:
            return None
        if (row["height"], row["width"]) == tuple(size):
            return row
        resized = imageStructToPIL(row).resize((size[1], size[0]))
        return imageArrayToStruct(PIL_to_imageStruct(resized), row["origin"])

    takes = partial(checked, function="the function of createResizeImageUDF", holds=holds_image_structs)
    return _of_images(resize, partial(takes, expected="a column of Spark's image struct"))


def _check_size(size: Any, order: str) -> None:
    if isinstance(size, tuple | list) and len(size) == 2 and all(is_whole(n, 1) for n in size):
        return
    raise SparkdlError(f"a size is {order}, two whole numbers of at least 1, not {size!r}")


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
        SyntaxError or ValueError, as Pillow raises for damaged files). Other errors, and a result that is not
        an array of an image, end the job.

    Raises
    ------
    SparkdlError
        If `decode_f` is not a function.
    """
    if not callable(decode_f):
        raise SparkdlError(f"decode_f must be a function from a file's bytes to an array, not {decode_f!r}")

    def decode(row: dict[str, Any]) -> Row | None:
        try:
            array = decode_f(row["fileData"])
        except SparkdlError:
            raise
        except (OSError, SyntaxError, ValueError):
            return None
        try:
            return imageArrayToStruct(array, row["filePath"])
        except (SparkdlError, ValueError, TypeError) as error:
            found = one_line(error) if isinstance(array, np.ndarray) else f"it is a {type(array).__name__}"
            raise SparkdlError(
                f"what decode_f returned for {row['filePath']} is not an image: {found}"
            ) from None

    files = filesToDF(None, path, numPartition)
    return files.select(_of_images(decode)(F.struct("filePath", "fileData")).alias("image"))


def to_arrow(rows: Iterable[Row | None]) -> pa.Array:
    """Return rows of images as Arrow's array of the image schema."""
    values = [None if row is None else row.asDict() for row in rows]
    return pa.array(values, to_arrow_type(imageSchema))


def _of_images(
    function: Callable[[Any], Row | None], argument: Callable[[Any], pa.Array] | None = None
) -> Callable[[Column], Column]:
    """Return a function of a column of structs that calls `function` for each that is not null.

    `argument` checks what Spark gives to it, as of `sparkdl.column.applied`.
    """

    @arrow_udf(imageSchema)  # type: ignore[untyped-decorator]
    def apply(batches: Iterator[pa.Array]) -> Iterator[pa.Array]:
        for given in batches:
            batch = given if argument is None else argument(given)
            rows = [None if value is None else function(value) for value in batch.to_pylist()]
            yield to_arrow(rows)

    result: Callable[[Column], Column] = apply
    return result
