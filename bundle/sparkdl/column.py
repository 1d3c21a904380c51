"""Apply networks and models to a column in Arrow UDFs."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any
from zipimport import zipimporter

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import Column
from pyspark.sql.functions import arrow_udf  # type: ignore[attr-defined]
from pyspark.sql.types import ArrayType, BinaryType, DataType, FloatType

from sparkdl.images import to_input
from sparkdl.network import NetworkSpec
from sparkdl.worker import Spec, cached_model

# From a value of the column to an input of the model; None where there is none.
ToInput = Callable[[Any], npt.NDArray[Any] | None]
# From outputs, shape (m, ...), and which of n >= m values have none, to n values of the new column.
Encode = Callable[[npt.NDArray[np.float32], npt.NDArray[np.bool_]], pa.Array]

_NO_OUTPUTS = np.empty((0, 0), np.float32)


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
    return applied(of_images(spec, scale_hint), spec, batch_size, *LISTS)(images)


def packed_features(images: Column, spec: NetworkSpec, scale_hint: str, batch_size: int) -> Column:
    """Compute features as binary: float32 values, little-endian.

    Spark visits every element of an array when it writes one, but copies binary values whole. The parameters
    are those of `features`.
    """
    return applied(of_images(spec, scale_hint), spec, batch_size, BinaryType(), _to_binary)(images)


def applied(
    to_input: ToInput,
    spec: Spec,
    batch_size: int,
    kind: DataType,
    encode: Encode,
    argument: Callable[[Any], pa.Array] | None = None,
) -> Callable[[Column], Column]:
    """Return a function of a column that applies a model, null where a value has no input.

    Parameters
    ----------
    to_input : callable
        Called on the workers.
    spec : Spec
        Its file must be readable on every worker.
    batch_size : int
        Inputs per call of the model.
    kind, encode
        What the new column holds, e.g. `LISTS`.
    argument : callable, optional
        Checks what Spark gives to the function, where the driver does not see it, and returns the values.
    """

    @arrow_udf(kind)  # type: ignore[untyped-decorator]
    def compute(batches: Iterator[pa.Array]) -> Iterator[pa.Array]:
        # Once per task, since it asks a file system that may be remote; never, if the task has no input.
        model = cache(lambda: cached_model(spec))
        for given_batch in batches:
            batch = given_batch if argument is None else argument(given_batch)
            # Spark's batches hold up to 10,000 rows, whose Xception features would be 8 GB.
            for start in range(0, len(batch), batch_size):
                inputs = [to_input(value) for value in batch.slice(start, batch_size).to_pylist()]
                given = [one for one in inputs if one is not None]
                missing = np.array([one is None for one in inputs])
                outputs = model().apply(np.stack(given)) if given else _NO_OUTPUTS
                yield encode(outputs, missing)
        _drop_zip_finders()

    # Spark may evaluate a deterministic function again for each filter on its result, and
    # this one takes too long for that.
    column: Callable[[Column], Column] = compute.asNondeterministic()
    return column


def of_images(spec: NetworkSpec, scale_hint: str) -> ToInput:
    """Return what turns images into the inputs of a network."""
    return partial(to_input, size=spec.network.size, scale_hint=scale_hint)


def _to_lists(values: npt.NDArray[np.float32], missing: npt.NDArray[np.bool_]) -> pa.Array:
    flat = values.reshape(len(values), math.prod(values.shape[1:]))
    offsets = _offsets(missing, flat.shape[1])
    return pa.ListArray.from_arrays(offsets, pa.array(flat.ravel()), mask=pa.array(missing))


# One-dimensional outputs; others are flattened.
LISTS: tuple[DataType, Encode] = (ArrayType(FloatType()), _to_lists)


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
