"""List and hash files and mark duplicates: the first of two passes over the data folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyspark.sql import SparkSession
from radiograph import Found, Reason, walk

# Prefix of `detail` for a duplicate; the path of the first file with these bytes follows.
_BYTES = "bytes"
SAME_AS = f"same {_BYTES} as "
COLUMNS = "path STRING, label STRING, file STRING, image_id STRING, reason STRING, detail STRING"

_TASK_FILES = 128
# Files per query, or per commit of `images`: an interruption loses the decoding of so many at most. The
# workers need less than a kilobyte of data per file.
FILES_AT_ONCE = 20_000


def list_files(spark: SparkSession, root: Path, classes: Sequence[str]) -> pd.DataFrame:
    """List the files of the class folders that exist below `root`, with their sha256.

    Returns
    -------
    pandas.DataFrame
        Columns of `COLUMNS`, sorted by path. If a file cannot be read, `image_id` is null and `reason` and
        `detail` say why. Files with equal bytes are refused as `mark_duplicates` does it.
    """
    present = [name for name in classes if (root / name).is_dir()] or list(classes)
    return deduplicate(spark, walk(root, present))


def deduplicate(spark: SparkSession, files: Iterable[Found]) -> pd.DataFrame:
    """Hash files that have been found already and mark duplicates; the result is that of `list_files`."""
    found = [_as_row(file) for file in files]
    if not found:
        return pd.DataFrame([], columns=[part.split()[0] for part in COLUMNS.split(",")], dtype="object")
    parts = [found[start : start + FILES_AT_ONCE] for start in range(0, len(found), FILES_AT_ONCE)]
    hashed = pd.concat([_hashed(spark, part) for part in parts])
    return mark_duplicates(hashed.sort_values("path", ignore_index=True), "image_id", _BYTES)


def _hashed(spark: SparkSession, found: list[tuple[str | None, ...]]) -> pd.DataFrame:
    columns = "path STRING, label STRING, file STRING, reason STRING, detail STRING"
    rows = spark.createDataFrame(found, columns).repartition(tasks_for(len(found)))
    hashed: pd.DataFrame = rows.mapInArrow(_hash, COLUMNS).toArrow().to_pandas()
    return hashed


def _as_row(file: Found) -> tuple[str | None, ...]:
    refused = (str(file.refused.reason), file.refused.detail) if file.refused else (None, None)
    return file.path, file.label, str(file.file), *refused


def tasks_for(files: int) -> int:
    """Return the number of Spark tasks for so many files: starting one takes as long as hashing a hundred."""
    return -(-files // _TASK_FILES)


def _hash(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        rows = [_hash_row(row) for row in batch.to_pylist()]
        yield pa.RecordBatch.from_pylist(rows, schema=_SCHEMA)


def _hash_row(row: dict[str, str | None]) -> dict[str, str | None]:
    row["image_id"] = None
    if row["reason"] is None:
        try:
            with Path(str(row["file"])).open("rb") as file:
                row["image_id"] = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            row["reason"], row["detail"] = str(Reason.unreadable), error.strerror
    return row


def mark_duplicates(files: pd.DataFrame, same: str, what: str) -> pd.DataFrame:
    """Refuse files that are equal to others, in `reason` and `detail`.

    Of equal files under one label the first by path is kept, the others are `duplicate`; equal files under
    two labels are all `label_conflict`, since either label may be wrong.

    Parameters
    ----------
    files : pandas.DataFrame
        Columns `path`, `label`, `reason`, `detail` and `same`, sorted by path.
    same : str
        The column that is equal for equal files; null where that is not known.
    what : str
        What is equal, as messages call it.
    """
    files = files.copy()
    groups = files.groupby(same)
    conflict = groups["label"].transform("nunique") > 1
    first = groups["path"].transform("first")
    duplicate = files[same].notna() & (files["path"] != first)
    # Where there is none, columns of nothing but null are no texts to add to.
    if duplicate.any():
        files.loc[duplicate, "reason"] = str(Reason.duplicate)
        files.loc[duplicate, "detail"] = f"same {what} as " + first[duplicate]
    if conflict.any():
        # A call of `_folders` for each image, of which few are in conflict.
        folders = files[conflict].groupby(same)["label"].transform(_folders)
        files.loc[conflict, "reason"] = str(Reason.label_conflict)
        files.loc[conflict, "detail"] = f"the same {what} are in the class folders " + folders
    return files


def _folders(labels: pd.Series[str]) -> str:
    return ", ".join(sorted(set(labels)))


_SCHEMA = pa.schema([(part.split()[0], pa.string()) for part in COLUMNS.split(",")])
