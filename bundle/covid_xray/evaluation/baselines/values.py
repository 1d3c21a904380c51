"""The inputs of each baseline: numbers per image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
from PIL import Image
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema
from radiograph import Xray, open_xray

from covid_xray.dataset.decode import FACTS, decode_files, facts_of, to_dataframe
from covid_xray.evaluation.baselines.records import BASELINES, Baseline

_OF_PICTURES = tuple(baseline for baseline in BASELINES if baseline.of_picture)
_INPUTS = [(baseline.name, pa.binary()) for baseline in _OF_PICTURES]
_SCHEMA = pa.schema([("image_id", pa.string()), *_INPUTS])


def names(facts: pd.DataFrame) -> list[str]:
    """Return the names of the baselines that these images allow: the keys of `all_values`."""
    return [baseline.name for baseline, _ in _possible(facts)]


def left_out(facts: pd.DataFrame) -> list[Baseline]:
    """Return the baselines that these images do not allow."""
    possible = names(facts)
    return [baseline for baseline in BASELINES if baseline.name not in possible]


def all_values(facts: pd.DataFrame, pictures: pd.DataFrame) -> list[tuple[Baseline, pd.DataFrame]]:
    """Return every baseline that these images allow with its inputs by `image_id`.

    Parameters
    ----------
    facts : pandas.DataFrame
        Rows of the table `images`, with their sources.
    pictures : pandas.DataFrame
        The same images, as `read_pictures` returns them.
    """
    return [
        (baseline, _unpacked(baseline, pictures[baseline.name]) if values is None else values)
        for baseline, values in _possible(facts)
    ]


def read_pictures(images: DataFrame, count: int, task_images: int) -> pd.DataFrame:
    """Decode images on the workers and compute the inputs of the baselines that use pixels.

    Parameters
    ----------
    images : DataFrame
        Columns `image_id` and `content`.
    count, task_images : int
        How many images there are, and how many a Spark task decodes.

    Returns
    -------
    pandas.DataFrame
        By `image_id`: a column of bytes for each baseline that has `of_picture`.
    """
    tasks = -(-count // task_images)
    content = images.select("image_id", "content").repartition(tasks)
    described = content.mapInArrow(_describe_each, from_arrow_schema(_SCHEMA)).toArrow().to_pandas()
    found: pd.DataFrame = described.set_index("image_id")
    return found


def read_files(spark: SparkSession, files: pd.DataFrame, task_images: int) -> pd.DataFrame:
    """Do what `read_pictures` does of files that are in no table, with what they tell beside their pixels.

    Parameters
    ----------
    files : pandas.DataFrame
        Columns `path`, `file`, `image_id`: at least one file, all of which can be opened.

    Returns
    -------
    pandas.DataFrame
        By `image_id`: the columns of `read_pictures` and of `FACTS`.
    """

    def values(xray: Xray) -> dict[str, object]:
        return facts_of(xray) | describe(xray.picture)

    rows = to_dataframe(spark, files).repartition(-(-len(files) // task_images))
    read = decode_files(rows, [*FACTS, *_INPUTS], values).drop("path", "reason", "detail")
    found: pd.DataFrame = read.toArrow().to_pandas().set_index("image_id")
    return found


def describe(picture: Image.Image) -> dict[str, bytes]:
    """Return the columns of `read_pictures` for one image."""
    grey = picture.convert("L")
    return {b.name: b.of_picture(grey).astype(_dtype(b)).tobytes() for b in _OF_PICTURES if b.of_picture}


def _describe_each(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        rows = [
            {"image_id": row["image_id"]} | describe(open_xray(row["content"]).picture)
            for row in batch.to_pylist()
        ]
        yield pa.RecordBatch.from_pylist(rows, schema=_SCHEMA)


def _possible(facts: pd.DataFrame) -> Iterator[tuple[Baseline, pd.DataFrame | None]]:
    """Yield each baseline that these images allow with its inputs from facts; None if it uses pixels."""
    known = facts.set_index("image_id")
    for baseline in BASELINES:
        values = baseline.of_facts(known) if baseline.of_facts else None
        if baseline.of_picture or values is not None:
            yield baseline, values


def _unpacked(baseline: Baseline, packed: pd.Series[bytes]) -> pd.DataFrame:
    rows = np.frombuffer(b"".join(packed), _dtype(baseline)).reshape(len(packed), -1)
    return pd.DataFrame(rows, index=packed.index)


def _dtype(baseline: Baseline) -> type[np.uint8] | type[np.float64]:
    return np.uint8 if baseline.are_pixels else np.float64
