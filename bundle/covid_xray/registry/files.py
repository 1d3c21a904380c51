"""Files that are to be shown to a model: which there are, by content, and their pictures."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from radiograph import walk_all

from covid_xray.dataset.decode import decode_files, to_dataframe
from covid_xray.dataset.inventory import deduplicate

COLUMNS = ["path", "file", "image_id", "reason", "detail"]


def list_files(spark: SparkSession, root: Path) -> pd.DataFrame:
    """List all files below `root` with their sha256.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`, sorted by path. `reason` and `detail` say why a file is refused; of files with
        equal bytes the first stays.
    """
    return deduplicate(spark, walk_all(root))[COLUMNS]


def pictures(spark: SparkSession, files: pd.DataFrame, task_images: int) -> DataFrame:
    """Open files, some in each Spark task.

    Returns
    -------
    DataFrame
        Columns `path`, `image_id`, `content` (a picture that the networks' decoder takes), `reason`,
        `detail`; either `content` or `reason` is null.
    """
    rows = to_dataframe(spark, files).repartition(-(-len(files) // task_images))
    return decode_files(rows, [("content", pa.binary())], lambda xray: {"content": xray.content()})
