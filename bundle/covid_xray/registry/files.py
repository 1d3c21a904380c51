"""Files that are to be shown to a model: which there are, by content, and their pictures."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from radiograph import walk_all

from covid_xray.dataset.decode import listed, opened
from covid_xray.dataset.inventory import told_apart

COLUMNS = ["path", "file", "image_id", "reason", "detail"]


def take_stock(spark: SparkSession, root: Path) -> pd.DataFrame:
    """List all files below `root` with their sha256.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`, sorted by path. `reason` and `detail` say why a file is refused; of files with
        equal bytes the first stays.
    """
    return told_apart(spark, walk_all(root))[COLUMNS]


def pictures(spark: SparkSession, files: pd.DataFrame, task_images: int) -> DataFrame:
    """Open files, some in each Spark task.

    Returns
    -------
    DataFrame
        Columns `path`, `image_id`, `content` (a picture that the networks' decoder takes), `reason`,
        `detail`; either `content` or `reason` is null.
    """
    rows = listed(spark, files).repartition(-(-len(files) // task_images))
    return opened(rows, [("content", pa.binary())], lambda xray: {"content": xray.content()})
