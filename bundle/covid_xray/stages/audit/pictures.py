"""What can be seen of a picture without seeing lungs: computed on the workers, a few numbers an image."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from PIL import Image
from pyspark.sql import DataFrame
from pyspark.sql.pandas.types import from_arrow_schema
from radiograph import open_xray

# Thumbnails and their frames: small enough that no finding is left, only where it is bright and dark.
_SIDE = 32
# Share of each side that the blacked-out central box takes.
_CENTRE = 0.7
# Networks see pictures at about this size, so file size and resolution of the original are gone.
_COMPRESSED_SIDE = 224
_JPEG_QUALITY = 90

_SCHEMA = pa.schema(
    [
        ("image_id", pa.string()),
        ("thumbnail", pa.binary()),
        ("border", pa.binary()),
        ("jpeg_bytes", pa.int32()),
        ("png_bytes", pa.int32()),
    ]
)


def look_at(images: DataFrame, count: int, task_images: int) -> pd.DataFrame:
    """Decode pictures on the workers and return what the baselines are told of them.

    Parameters
    ----------
    images : DataFrame
        Columns `image_id` and `content`.
    count, task_images : int
        How many images there are, and how many a Spark task decodes.

    Returns
    -------
    pandas.DataFrame
        By `image_id`: `thumbnail` and `border` (bytes, a grey value each), `jpeg_bytes`, `png_bytes`.
    """
    tasks = -(-count // task_images)
    content = images.select("image_id", "content").repartition(tasks)
    return content.mapInArrow(_look_at_each, from_arrow_schema(_SCHEMA)).toPandas().set_index("image_id")


def look(picture: Image.Image) -> dict[str, Any]:
    """Return what the baselines are told of one picture: `look_at`'s columns."""
    grey = picture.convert("L")
    compressed = _resized(grey, _COMPRESSED_SIDE)
    return {
        "thumbnail": np.asarray(_resized(grey, _SIDE)).tobytes(),
        "border": border(grey).tobytes(),
        "jpeg_bytes": _file_size(compressed, "JPEG", quality=_JPEG_QUALITY),
        "png_bytes": _file_size(compressed, "PNG"),
    }


def border(grey: Image.Image) -> npt.NDArray[np.uint8]:
    """Return the frame of a 32x32 thumbnail of a picture whose centre, 70 % of each side, is blacked out.

    The centre is gone before the picture is made smaller: afterwards pixels of both would be mixed.

    Returns
    -------
    ndarray of uint8, shape (540,)
        The cells that are not wholly within the centre.
    """
    left, top = (round(length * (1 - _CENTRE) / 2) for length in grey.size)
    framed = grey.copy()
    framed.paste(0, (left, top, grey.width - left, grey.height - top))
    edge = math.ceil(_SIDE * (1 - _CENTRE) / 2)
    is_frame = np.ones((_SIDE, _SIDE), bool)
    is_frame[edge:-edge, edge:-edge] = False
    found: npt.NDArray[np.uint8] = np.asarray(_resized(framed, _SIDE))[is_frame]
    return found


def _look_at_each(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        rows = [{"image_id": row["image_id"]} | _look_into(row["content"]) for row in batch.to_pylist()]
        yield pa.RecordBatch.from_pylist(rows, schema=_SCHEMA)


def _look_into(content: bytes) -> dict[str, Any]:
    return look(open_xray(content).picture)


def _resized(grey: Image.Image, side: int) -> Image.Image:
    return grey.resize((side, side), Image.Resampling.BOX)


def _file_size(grey: Image.Image, name: str, **options: int) -> int:
    file = io.BytesIO()
    grey.save(file, name, **options)
    return file.tell()
