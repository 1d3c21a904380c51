"""The ten runs with the method of the published system, extrapolated from samples, against ours.

Each of its runs was a separate program: start Spark and TensorFlow, apply the network to the images of the
task one at a time, fit Spark's LogisticRegression once on all columns. Ours is one program, which applies
each network to each image once and fits as many classifiers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from covid_xray.storage.session import local_session
from logistic.columns import unpack_features
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.functions import array_to_vector
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from sparkdl.precision import BFLOAT16, FLOAT32, PRECISIONS, bfloat16_instructions

from benchmarks import stages
from benchmarks.options import Options
from benchmarks.processes import in_new_process, seconds
from benchmarks.result import Goal, Ratio
from benchmarks.workbench import Workbench, allow_memory, fewest_partitions, workbench

# For 900 rows of 204,800 doubles, twice: as read and as Spark's blocks.
DRIVER_MEMORY = "12g"
# With AMX, bfloat16 should make them five times as fast.
_GOALS = {FLOAT32: 3.0, BFLOAT16: 5.0}
ONE_FIT = {"repeats": 1, "patient_grouped.repeats": 0}


@dataclass(frozen=True)
class Run:
    """One of the ten runs: its number of images and the seconds of its fit."""

    backbone: str
    images: int
    fit: float


@dataclass(frozen=True)
class Measured:
    """The ten fits of the published system, the seconds of ours in each precision, and of starting Spark."""

    published: list[Run]
    ours: dict[str, float]
    spark: float


def measure(options: Options) -> Measured:
    """Measure after `stages`, each part in a new process."""
    precisions = PRECISIONS if bfloat16_instructions() else (FLOAT32,)
    return Measured(
        published=in_new_process(_fits, options),
        ours={precision: in_new_process(_ours, options, precision) for precision in precisions},
        spark=in_new_process(_start_of_spark, options),
    )


def ratios(times: list[stages.Times], measured: Measured) -> list[Ratio]:
    """Compare all runs with ours in each precision."""
    times_of, runs = {t.backbone: t for t in times}, measured.published
    parts = {
        "published: start s": sum(measured.spark + times_of[run.backbone].start for run in runs),
        "one image at a time s": sum(times_of[run.backbone].single * run.images for run in runs),
        "Spark's fits s": sum(run.fit for run in runs),
    }
    published = sum(parts.values())
    return [
        Ratio(
            f"the {len(runs)} runs, features to metrics: published system / ours in {precision}",
            published / (measured.spark + ours),
            Goal(low=_GOALS[precision]),
            {**parts, "ours s": measured.spark + ours},
        )
        for precision, ours in measured.ours.items()
    ]


def _start_of_spark(options: Options) -> float:
    return seconds(lambda: local_session("local[*]", options.folder / "spark.log"))


def _ours(options: Options, precision: str) -> float:
    warehouse = options.folder / f"ours-{precision}"
    with workbench(options, warehouse, options.images, precision=precision, **ONE_FIT) as bench:
        return sum(bench.featurize(backbone) + bench.train(backbone) for backbone in options.backbones)


def _fits(options: Options) -> list[Run]:
    """Fit Spark's LogisticRegression on the features of `stages`, as the published system did."""
    allow_memory(DRIVER_MEMORY)
    with workbench(options, stages.warehouse(options), options.images) as bench:
        return [
            Run(backbone, len(bench.ids(task)), seconds(partial(_fit, bench, backbone, task)))
            for backbone in options.backbones
            for task in bench.settings.tasks
        ]


def _fit(bench: Workbench, backbone: str, task: str) -> None:
    # Parameters of the published program: README of Deep Learning Pipelines 1.5.
    estimator = LogisticRegression(maxIter=20, regParam=0.05, elasticNetParam=0.3)
    estimator.fit(_training_rows(bench, backbone, task))


def _training_rows(bench: Workbench, backbone: str, task: str) -> DataFrame:
    tables, classes = bench.tables, bench.settings.tasks[task]
    features = tables.read("features").where(F.col("backbone") == backbone)
    splits = tables.read("splits").where((F.col("run_id") == bench.run_id) & (F.col("task") == task))
    training = splits.where((F.col("repeat") == 0) & F.col("fold").isNull())
    code = F.array_position(F.lit(list(classes)), F.col("label")).cast("double") - 1
    rows = training.join(features, "image_id")
    vectors = array_to_vector(unpack_features(F.col("features")))
    rows = rows.select(vectors.alias("features"), code.alias("label"))
    return fewest_partitions(rows)
