"""The files that a model is applied to: distinct files by content, and their decoded images."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from radiograph import walk_all

from covid_xray.dataset.decode import decode_files, to_dataframe
from covid_xray.dataset.inventory import deduplicate

COLUMNS = ["path", "file", "image_id", "reason", "detail"]


def list_distinct_files(spark: SparkSession, root: Path) -> pd.DataFrame:
    """List the files below `root` with their sha256.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`, sorted by path. `reason` and `detail` say why a file is refused; of files with
        equal content all but the first are.
    """
    return deduplicate(spark, walk_all(root))[COLUMNS]


def decode_images(spark: SparkSession, files: pd.DataFrame, task_images: int) -> DataFrame:
    """Decode files, `task_images` per Spark task.

    Returns
    -------
    DataFrame
        Columns `path`, `image_id`, `content` (an image that the networks' decoder can read), `reason`,
        `detail`; either `content` or `reason` is null.
    """
    rows = to_dataframe(spark, files).repartition(-(-len(files) // task_images))
    return decode_files(rows, [("content", pa.binary())], lambda xray: {"content": xray.content()})
