"""The files that have arrived in a folder since it was last read, which a stream of Spark's remembers."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyarrow.parquet import ParquetFile
from pyspark.sql import DataFrame, SparkSession
from radiograph import Found, class_folders, walk_listed

from covid_xray.dataset.inventory import FILES_AT_ONCE
from covid_xray.errors import DataError, one_line

# Spark's data source binaryFile takes no other. Its content is not read where only the path is asked for.
_COLUMNS = "path STRING, modificationTime TIMESTAMP, length BIGINT, content BINARY"
_OPTIONS = {
    "recursiveFileLookup": "true",
    "maxFilesPerTrigger": str(FILES_AT_ONCE),
    # By default Spark passes over a file that is a week older than the newest one it has seen: copies keep
    # the times of their originals, so that would lose them. These are a hundred years.
    "maxFileAge": "36500d",
    # A file that goes between being listed and being looked at would fail the stream.
    "ignoreMissingFiles": "true",
}
# Spark makes a task of a few files each, as if it read them.
_TASKS = 16


@dataclass(frozen=True)
class Arrivals:
    """Files that have arrived and that nobody has said to be done with.

    Attributes
    ----------
    found : sequence of Found
        As `walk_all` would find them, sorted by path.
    """

    found: Sequence[Found]
    _root: Path
    _folder: Path
    _read: Sequence[Path]

    def done(self, again: Iterable[Path]) -> None:
        """Forget these files, except those in `again`, which are found again next time if they still exist.

        Until this is called, the same files are found again, so that a kill before it loses none.
        """
        names = sorted(file.relative_to(self._root).as_posix() for file in again)
        target = _again(self._folder)
        interim = target.with_suffix(".new")
        interim.write_text(json.dumps(names), encoding="utf-8")
        interim.replace(target)
        for batch in self._read:
            shutil.rmtree(batch)


def check_checkpoint(checkpoint: Path, root: Path) -> None:
    """Check where a folder of checkpoints is to be.

    Raises
    ------
    DataError
        If it is in the folder `root`, whose files are read, or where a file is.
    """
    if checkpoint.resolve().is_relative_to(root.resolve()):
        raise DataError(
            f"the checkpoint {checkpoint} is in the folder of images {root}, where its own files would be "
            "taken for arrivals: choose a folder elsewhere"
        )
    existing = next(place for place in (checkpoint, *checkpoint.parents) if place.exists())
    if not existing.is_dir():
        raise DataError(f"the checkpoint {checkpoint} cannot be made, since {existing} is a file")


def arrivals(spark: SparkSession, root: Path, folder: Path) -> Arrivals:
    """Return the files that have arrived below `root` since `folder` was made.

    A file is known by its path: it is found once, even if it is replaced later. Names that begin with `.` or
    `_` are never found, nor are broken links. Spark Connect's server must see `root` and `folder` as well.

    Parameters
    ----------
    folder : Path
        What is known of `root`: the stream's checkpoint, and lists of files that are not done. A new folder
        for which all files have just arrived.

    Raises
    ------
    FolderError
        If `root` is missing or cannot be listed.
    DataError
        If the stream fails, or `folder` cannot be written.
    """
    # Spark would wait for files in a folder that does not exist.
    class_folders(root)
    _make(folder)
    root = root.resolve()
    try:
        _list_arrivals(spark, root, folder)
    except Exception as error:
        # PySpark's, or py4j's for what PySpark has no class for.
        line = one_line(error)
        cause = line.partition("terminated with exception: ")[2] or line
        raise DataError(
            f"the files that have arrived in {root} cannot be listed ({cause}); if the checkpoint is "
            f"damaged, delete {folder}: what has been scored already is passed over"
        ) from None
    batches = sorted(_batches(folder).glob("*"))
    # `again` may name files that have been removed since, and those of batches that were not forgotten.
    names = {name for name in _names(_again(folder)) if os.path.lexists(root / name)}
    for batch in batches:
        for part in batch.glob("*.parquet"):
            names.update(_below(root, path) for path in ParquetFile(part).read().column(0).to_pylist())
    return Arrivals(list(walk_listed(root, names)), root, folder, batches)


def _list_arrivals(spark: SparkSession, root: Path, folder: Path) -> None:
    """Write the paths of new files, a folder a batch.

    A batch that is repeated after a kill has the same files and the same number, so it writes the same again.
    """
    target = str(_batches(folder))

    # Spark Connect's server gets the code of this function, which therefore uses nothing but its arguments
    # and a text. All that can fail for other reasons, and all that reports progress, is done here afterwards.
    def write(batch: DataFrame, number: int) -> None:
        batch.write.mode("overwrite").parquet(f"{target}/{number}")

    files: Any = spark.readStream.format("binaryFile").options(**_OPTIONS).schema(_COLUMNS)
    paths = files.load(_without_wildcards(root)).select("path").coalesce(_TASKS)
    writer = paths.writeStream.foreachBatch(write).option("checkpointLocation", str(folder / "checkpoint"))
    writer.trigger(availableNow=True).start().awaitTermination()


def _without_wildcards(root: Path) -> str:
    return re.sub(r"([\\{}\[\]*?])", r"\\\1", str(root))


def _below(root: Path, path: str) -> str:
    """Return a path relative to `root`; before it, Spark writes the scheme of the file system."""
    below = path.partition(f"{root}/")[2]
    if not below:
        raise DataError(f"Spark lists files of another folder as those of {root}")
    return below


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"the checkpoint {folder} cannot be made: {error.strerror}") from None


def _names(file: Path) -> list[str]:
    names: list[str] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    return names


def _again(folder: Path) -> Path:
    return folder / "again.json"


def _batches(folder: Path) -> Path:
    return folder / "arrived"
