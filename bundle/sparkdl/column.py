"""The features of an image column as a Spark column: Arrow in, Arrow out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import cache
from zipimport import zipimporter

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import Column
from pyspark.sql.functions import arrow_udf  # type: ignore[attr-defined]
from pyspark.sql.types import ArrayType, BinaryType, DataType, FloatType

from sparkdl.backbones import backbone
from sparkdl.images import to_input
from sparkdl.network import Recipe, kept_network

_Encode = Callable[[npt.NDArray[np.float32], npt.NDArray[np.bool_]], pa.Array]
_NONE = np.empty((0, 0), np.float32)


def features(images: Column, recipe: Recipe, scale_hint: str, batch_size: int) -> Column:
    """Compute features as `array<float>`, null where there is no decodable image.

    Parameters
    ----------
    images : Column
        Encoded files (binary) or structs of Spark's image schema.
    recipe : Recipe
        The network. Its weights file must be readable on every worker.
    scale_hint : str
        One of `sparkdl.images.SCALE_HINTS`.
    batch_size : int
        Images per call of the network.
    """
    return _computed(images, recipe, scale_hint, batch_size, ArrayType(FloatType()), _as_lists)


def packed_features(images: Column, recipe: Recipe, scale_hint: str, batch_size: int) -> Column:
    """Compute features as binary: their float32 values one after the other, little-endian.

    Spark looks at every number of an array when it writes one; bytes it copies as they are. With the same
    parameters as `features`.
    """
    return _computed(images, recipe, scale_hint, batch_size, BinaryType(), _as_bytes)


def _computed(
    images: Column, recipe: Recipe, scale_hint: str, batch_size: int, kind: DataType, encode: _Encode
) -> Column:
    size = backbone(recipe.backbone).size

    @arrow_udf(kind)  # type: ignore[untyped-decorator]
    def compute(batches: Iterator[pa.Array]) -> Iterator[pa.Array]:
        # Once a task, since it asks a file system that may be a network away; never, if there is no image.
        network = cache(lambda: kept_network(recipe))
        for batch in batches:
            # A batch of Spark's may hold 10,000 images; Xception's features of them would be 8 GB.
            for start in range(0, len(batch), batch_size):
                part = batch.slice(start, batch_size).to_pylist()
                inputs = [to_input(value, size, scale_hint) for value in part]
                decoded = [pixels for pixels in inputs if pixels is not None]
                missing = np.array([pixels is None for pixels in inputs])
                values = network().features(np.stack(decoded)) if decoded else _NONE
                yield encode(values, missing)
        forget_archives()

    # Spark evaluates a deterministic function again for each filter above it; this one is too dear for that.
    column: Column = compute.asNondeterministic()(images)
    return column


def _as_lists(values: npt.NDArray[np.float32], missing: npt.NDArray[np.bool_]) -> pa.Array:
    offsets = _offsets(missing, values.shape[1])
    return pa.ListArray.from_arrays(offsets, pa.array(values.ravel()), mask=pa.array(missing))


def _as_bytes(values: npt.NDArray[np.float32], missing: npt.NDArray[np.bool_]) -> pa.Array:
    offsets = _offsets(missing, values.shape[1] * values.itemsize)
    there, data = pa.array(~missing), np.ascontiguousarray(values, "<f4")
    buffers = [there.buffers()[1], offsets.buffers()[1], pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.binary(), len(missing), buffers)


def _offsets(missing: npt.NDArray[np.bool_], length: int) -> pa.Array:
    """Return where each row begins, and the last one ends; a missing one has no length."""
    return pa.array(np.concatenate([[0], np.cumsum(np.where(missing, 0, length))]).astype(np.int32))


def forget_archives() -> None:
    """Drop this process's finders of modules in archives; the next import that needs one makes it again.

    A worker invalidates import caches before each task, and up to Python 3.12 such a finder then reads its
    archive's directory anew: one for each package of pyspark.zip, 0.2 s a task in all.
    """
    for path, finder in list(sys.path_importer_cache.items()):
        if isinstance(finder, zipimporter):
            del sys.path_importer_cache[path]
