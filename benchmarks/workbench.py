"""A local session with an ingested run, whose stages can be timed one by one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from covid_xray.dataset.data_folder import DataFolder
from covid_xray.features.key import feature_key
from covid_xray.progress import Progress
from covid_xray.settings import Settings, load_settings
from covid_xray.stages.featurize import featurize
from covid_xray.stages.ingest import ingest
from covid_xray.stages.train import train
from covid_xray.storage import runs
from covid_xray.storage.session import CATALOG, SCHEMA, attach_warehouse, local_session
from covid_xray.storage.tables import Tables
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from sparkdl.backbones import backbone as network
from sparkdl.images import to_input
from sparkdl.weights import resolve

from benchmarks.options import Options
from benchmarks.processes import seconds

CONFIG = Path(__file__).resolve().parent.parent / "config.yaml"


@dataclass(frozen=True)
class Workbench:
    """An ingested run of the first images of each class."""

    options: Options
    tables: Tables
    settings: Settings
    run_id: str

    def ids(self, task: str | None = None) -> list[str]:
        """Return the sorted image ids of the run, of one task or of all."""
        splits = self.tables.read("splits").where(F.col("run_id") == self.run_id)
        if task is not None:
            splits = splits.where(F.col("task") == task)
        return sorted(splits.select("image_id").distinct().toPandas()["image_id"])

    def featurize(self, backbone: str) -> float:
        """Run featurize; return the seconds."""
        return seconds(lambda: featurize(self.tables, self.run_id, backbone, _silent))

    def train(self, backbone: str) -> float:
        """Run train; return the seconds."""
        return seconds(lambda: train(self.tables, self.run_id, backbone, _silent))

    def delete_features(self, backbone: str) -> None:
        """Delete a backbone's features, so that featurize computes them again."""
        name = self.tables.name("features")
        # Delta does not support parameters in DELETE; the name is one of the five backbones.
        self.tables.spark.sql(f"DELETE FROM {name} WHERE backbone = '{backbone}'")  # noqa: S608

    def inputs(self, backbone: str) -> npt.NDArray[np.uint8]:
        """Return the network's input tensors of the run's images, in the order of `ids`."""
        ids, images = self.ids(), self.tables.read("images")
        rows = images.where(F.col("image_id").isin(ids)).orderBy("image_id").select("content").toPandas()
        size = network(backbone).size
        pictures = [to_input(bytes(c), size, self.settings.scale_hint) for c in rows["content"]]
        return np.stack([picture for picture in pictures if picture is not None])

    def first_features(self, backbone: str, count: int) -> npt.NDArray[np.float32]:
        """Return the stored features of the first `count` images."""
        ids = self.ids()[:count]
        row = runs.state(self.tables, self.run_id, backbone)[0]
        stored = self.tables.matching("features", feature_key(self.settings, backbone, row["weights_id"]))
        rows = stored.where(F.col("image_id").isin(ids)).orderBy("image_id").select("features").collect()
        return np.stack([np.frombuffer(values, "<f4") for (values,) in rows])


@contextmanager
def workbench(
    options: Options, warehouse: Path, images: int | None = None, **changes: Any
) -> Iterator[Workbench]:
    """Start a session and ingest at most `images` images, equally many of each class."""
    spark = local_session("local[*]", options.folder / "spark.log")
    try:
        attach_warehouse(spark, warehouse)
        yield ingested(options, Tables(spark, CATALOG, SCHEMA), images, **changes)
    finally:
        spark.stop()


def allow_memory(memory: str) -> None:
    """Set the memory of a JVM that this process starts later."""
    # Java's own variable, since `local_session` keeps those of Spark from the engine.
    os.environ["_JAVA_OPTIONS"] = f"-Xmx{memory}"


def fewest_partitions(rows: DataFrame) -> DataFrame:
    """Coalesce rows to one partition per core, with which Spark's LogisticRegression is fastest.

    In every iteration each partition receives all coefficients and returns a gradient of the same size.
    """
    return rows.coalesce(os.cpu_count() or 1)


def prepare_weights(options: Options, backbones: Iterable[str]) -> None:
    """Resolve the weights in advance, so that no timed stage draws or downloads them."""
    for name in backbones:
        resolve(options.weights, name, options.weights_store, load_settings(CONFIG).seed)


def ingested(options: Options, tables: Tables, images: int | None, **changes: Any) -> Workbench:
    """Ingest a run of at most `images` images; stored images are not decoded again."""
    settings = load_settings(CONFIG, changes)
    if images is not None:
        settings = load_settings(CONFIG, {**changes, "limit_per_class": images // len(settings.classes)})
    now = datetime.now(UTC)
    tasks, weights = tuple(settings.tasks), (options.weights, options.weights_store)
    run = runs.Request(runs.new_run_id(now), options.backbones, tasks, *weights)
    ingest(tables, settings, run, DataFolder(options.data, None), now, _silent)
    return Workbench(options, tables, settings, run.run_id)


def _silent(progress: Progress) -> None:
    """Ignore progress messages."""
