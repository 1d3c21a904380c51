"""The features of an image column as a Spark column: Arrow in, Arrow out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from zipimport import zipimporter

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import Column
from pyspark.sql.functions import arrow_udf  # type: ignore[attr-defined]
from pyspark.sql.types import ArrayType, FloatType

from sparkdl.backbones import backbone
from sparkdl.images import to_input
from sparkdl.network import Network, Recipe, kept_network


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
    size = backbone(recipe.backbone).size

    @arrow_udf(ArrayType(FloatType()))  # type: ignore[untyped-decorator]
    def compute(batches: Iterator[pa.Array]) -> Iterator[pa.Array]:
        for batch in batches:
            # A batch of Spark's may hold 10,000 images; Xception's features of them would be 8 GB.
            for start in range(0, len(batch), batch_size):
                part = batch.slice(start, batch_size).to_pylist()
                inputs = [to_input(value, size, scale_hint) for value in part]
                yield _feature_lists(kept_network(recipe), inputs)
        forget_archives()

    # Spark evaluates a deterministic function again for each filter above it; this one is too dear for that.
    column: Column = compute.asNondeterministic()(images)
    return column


def _feature_lists(network: Network, inputs: list[npt.NDArray[np.uint8] | None]) -> pa.ListArray:
    decoded = [pixels for pixels in inputs if pixels is not None]
    missing = np.array([pixels is None for pixels in inputs])
    if not decoded:
        return pa.nulls(len(inputs), pa.list_(pa.float32()))
    values = network.features(np.stack(decoded))
    lengths = np.where(missing, 0, values.shape[1])
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values.ravel()), mask=pa.array(missing))


def forget_archives() -> None:
    """Drop this process's finders of modules in archives; the next import that needs one makes it again.

    A worker invalidates import caches before each task, and up to Python 3.12 such a finder then reads its
    archive's directory anew: one for each package of pyspark.zip, 0.2 s a task in all.
    """
    for path, finder in list(sys.path_importer_cache.items()):
        if isinstance(finder, zipimporter):
            del sys.path_importer_cache[path]
