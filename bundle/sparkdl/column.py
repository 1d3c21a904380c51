"""Compute the features of an image column in Arrow UDFs."""

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
from sparkdl.network import NetworkSpec, cached_network

_Encode = Callable[[npt.NDArray[np.float32], npt.NDArray[np.bool_]], pa.Array]
_NO_FEATURES = np.empty((0, 0), np.float32)


def features(images: Column, spec: NetworkSpec, scale_hint: str, batch_size: int) -> Column:
    """Compute features as `array<float>`, null where there is no decodable image.

    Parameters
    ----------
    images : Column
        Encoded files (binary) or structs of Spark's image schema.
    spec : NetworkSpec
        The network. Its weights file must be readable on every worker.
    scale_hint : str
        One of `sparkdl.images.SCALE_HINTS`.
    batch_size : int
        Images per call of the network.
    """
    return _feature_column(images, spec, scale_hint, batch_size, ArrayType(FloatType()), _to_lists)


def packed_features(images: Column, spec: NetworkSpec, scale_hint: str, batch_size: int) -> Column:
    """Compute features as binary: float32 values, little-endian.

    Spark visits every element of an array when it writes one, but copies binary values whole. The parameters
    are those of `features`.
    """
    return _feature_column(images, spec, scale_hint, batch_size, BinaryType(), _to_binary)


def _feature_column(
    images: Column, spec: NetworkSpec, scale_hint: str, batch_size: int, kind: DataType, encode: _Encode
) -> Column:
    size = backbone(spec.backbone).size

    @arrow_udf(kind)  # type: ignore[untyped-decorator]
    def compute(batches: Iterator[pa.Array]) -> Iterator[pa.Array]:
        # Once per task, since it asks a file system that may be remote; never, if the task has no image.
        network = cache(lambda: cached_network(spec))
        for batch in batches:
            # Spark's batches hold up to 10,000 rows, whose Xception features would be 8 GB.
            for start in range(0, len(batch), batch_size):
                part = batch.slice(start, batch_size).to_pylist()
                inputs = [to_input(value, size, scale_hint) for value in part]
                decoded = [pixels for pixels in inputs if pixels is not None]
                missing = np.array([pixels is None for pixels in inputs])
                values = network().features(np.stack(decoded)) if decoded else _NO_FEATURES
                yield encode(values, missing)
        _drop_zip_finders()

    # Spark may evaluate a deterministic function again for each filter on its result, and
    # this one takes too long for that.
    column: Column = compute.asNondeterministic()(images)
    return column


def _to_lists(values: npt.NDArray[np.float32], missing: npt.NDArray[np.bool_]) -> pa.Array:
    offsets = _offsets(missing, values.shape[1])
    return pa.ListArray.from_arrays(offsets, pa.array(values.ravel()), mask=pa.array(missing))


def _to_binary(values: npt.NDArray[np.float32], missing: npt.NDArray[np.bool_]) -> pa.Array:
    offsets = _offsets(missing, values.shape[1] * values.itemsize)
    valid, data = pa.array(~missing), np.ascontiguousarray(values, "<f4")
    buffers = [valid.buffers()[1], offsets.buffers()[1], pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.binary(), len(missing), buffers)


def _offsets(missing: npt.NDArray[np.bool_], length: int) -> pa.Array:
    """Return Arrow's offsets of rows of `length`; a missing row is empty."""
    return pa.array(np.concatenate([[0], np.cumsum(np.where(missing, 0, length))]).astype(np.int32))


def _drop_zip_finders() -> None:
    """Drop the cached finders of modules in zip archives; an import that needs one creates it again.

    A worker invalidates import caches before each task, and up to Python 3.12 each zip finder then reads its
    archive's directory again: one for each package of pyspark.zip, 0.2 s per task in total.
    """
    for path, finder in list(sys.path_importer_cache.items()):
        if isinstance(finder, zipimporter):
            del sys.path_importer_cache[path]
