"""Training: many fits at once against Spark's LogisticRegression, and how time and memory grow."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from covid_xray.evaluation.cross_validation import AllAtOnce, InRowSpace
from covid_xray.features.gram import to_kernel
from covid_xray.features.stored import StoredFeatures
from covid_xray.storage.session import local_session
from logistic.columns import unpack_features
from logistic.feature_rows import FeatureRows
from logistic.row_space import common_scale, fit_rows, gram
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.functions import array_to_vector
from pyspark.sql import functions as F
from threadpoolctl import threadpool_limits

from benchmarks import eigen_solver, synthetic
from benchmarks.options import Options
from benchmarks.processes import in_measured_process, in_new_process, seconds
from benchmarks.result import Goal, Ratio
from benchmarks.workbench import allow_memory, fewest_partitions

Place = Literal["in_memory", "on_workers"]

MANY, COLUMNS = 20_000, 2048
FEW, FEW_COLUMNS = 1123, 25_088
NIH, QUARTER = 112_120, 28_030
# Averaged features of the five networks.
WIDTHS = (2048, 2048, 2048, 512, 512)
REG_PARAM = 0.05
_SPARK_MEMORY = "10g"


def measure(options: Options) -> Iterator[Ratio]:
    """Train on synthetic features; each measurement has a new process."""
    folder = options.folder / "train"
    in_new_process(synthetic.write, folder / "few", FEW, FEW_COLUMNS, synthetic.FLAT)
    for name, rows in {"many": MANY, "quarter": QUARTER, "nih": NIH}.items():
        in_new_process(synthetic.write, folder / name, rows, COLUMNS)
    yield from _against_spark(folder)
    yield _against_eigenvectors(folder)
    yield from _growth(folder)
    yield _side_by_side(folder)
    if options.images is None:
        yield from _five_networks(folder)


def _against_spark(folder: Path) -> Iterator[Ratio]:
    many = folder / "many"
    spark = 20 * sum(in_new_process(_spark_fit, many, classes) for classes in (2, 3))
    goals: dict[Place, int] = {"in_memory": 20, "on_workers": 5}
    for place, goal in goals.items():
        ours = in_new_process(_fit_all, many, MANY, place)
        name = f"40 fits of {MANY} x {COLUMNS}, {place.replace('_', ' ')}: Spark's / ours"
        yield Ratio(name, spark / ours, Goal(low=goal), {"Spark's s (20 x 2 fits)": spark, "ours s": ours})


def _against_eigenvectors(folder: Path) -> Ratio:
    before, ours = in_new_process(_row_space_cpu, folder / "few")
    name = f"40 fits of {FEW} x {FEW_COLUMNS}, CPU time: by eigenvectors / ours"
    return Ratio(name, before / ours, Goal(low=2), {"before s": before, "ours s": ours})


def _growth(folder: Path) -> Iterator[Ratio]:
    some, some_memory = in_measured_process(_fit_all, folder / "quarter", QUARTER, "on_workers")
    all_, all_memory = in_measured_process(_fit_all, folder / "nih", NIH, "on_workers")
    name = f"{NIH} / {QUARTER} images, on workers"
    yield Ratio(f"{name}: time", all_ / some, Goal(high=4.4), {"s": all_, "of a quarter s": some})
    parts = {"GB": all_memory, "of a quarter GB": some_memory}
    yield Ratio(f"{name}: peak memory", all_memory / some_memory, Goal(high=1.1), parts)


def _side_by_side(folder: Path) -> Ratio:
    one_by_one, at_once = in_new_process(_five_few, folder / "few")
    parts = {"at once s": at_once, "one after the other s": one_by_one}
    return Ratio(
        "five backbones: at once / one after the other", at_once / one_by_one, Goal(high=1.05), parts
    )


def _five_networks(folder: Path) -> Iterator[Ratio]:
    for width in sorted(set(WIDTHS)):
        in_new_process(synthetic.write, folder / f"nih_{width}", NIH, width)
    goals: dict[Place, int] = {"in_memory": 8, "on_workers": 20}
    for place, minutes in goals.items():
        took = {width: in_new_process(_fit_all, folder / f"nih_{width}", NIH, place) for width in set(WIDTHS)}
        total = sum(took[width] for width in WIDTHS) / 60
        name = f"{NIH} images x 5 networks x 40 fits in minutes, {place.replace('_', ' ')}"
        yield Ratio(name, total, Goal(high=minutes), {f"{width} columns s": s for width, s in took.items()})


def _stored(folder: Path, rows: int) -> StoredFeatures:
    spark = local_session("local[*]", folder.parent / "spark.log")
    return StoredFeatures.of(spark.read.parquet(str(folder / "features")), synthetic.ids(rows))


def _fit_all(folder: Path, rows: int, place: Place) -> float:
    """Return the seconds of all fits and their held-out probabilities, Spark's start left out."""
    stored, folds = _stored(folder, rows), synthetic.folds(folder, rows)

    def fit() -> None:
        AllAtOnce(folds, REG_PARAM, getattr(stored, place)(folds.labels), [stored.width]).probabilities()

    return seconds(fit)


def _spark_fit(folder: Path, classes: int) -> float:
    allow_memory(_SPARK_MEMORY)
    spark = local_session("local[*]", folder.parent / "spark.log")
    rows = spark.read.parquet(str(folder / "features")).where(F.col("label") < classes)
    # As many as our fits are trained on, of which each holds a fifth out.
    rows = rows.where(F.pmod(F.hash("image_id"), F.lit(5)) > 0)
    vectors = rows.select(array_to_vector(unpack_features(F.col("features"))).alias("features"), "label")
    kept = fewest_partitions(vectors).cache()
    kept.count()
    scale = float(np.sqrt(synthetic.draw(MANY, COLUMNS).features.var(axis=0, ddof=1, dtype=float).mean()))
    estimator = LogisticRegression(regParam=REG_PARAM * scale**2, standardization=False)
    return seconds(lambda: estimator.fit(kept))


def _row_space_cpu(folder: Path) -> tuple[float, float]:
    """Return the CPU seconds of 40 fits from the same Gram matrix: before, and now."""
    folds, drawn = synthetic.folds(folder, FEW), synthetic.draw(FEW, FEW_COLUMNS, synthetic.FLAT)
    inner = gram(FeatureRows.in_order(drawn.features))
    took = []
    with threadpool_limits(limits=1, user_api="blas"):
        for solve in (eigen_solver.fit_rows, fit_rows):
            start = time.process_time()
            for fit in folds.fits:
                training = np.flatnonzero(fit.training(folds.labels))
                codes = folds.labels.codes[training, fit.task].astype(np.int64)
                penalty = REG_PARAM * common_scale(inner, training, FEW_COLUMNS) ** 2
                solve(inner, training, codes, folds.n_classes[fit.task], penalty)
            took.append(time.process_time() - start)
    return took[0], took[1]


def _five_few(folder: Path) -> tuple[float, float]:
    """Return the seconds of five backbones' Gram matrices and fits, one after the other and at once."""
    stored, folds = _stored(folder, FEW), synthetic.folds(folder, FEW)
    spark = stored.frame.sparkSession

    def train(name: str) -> None:
        file = str(folder / f"gram_{name}")
        key = {"backbone": name, "weights_id": name, "length": FEW_COLUMNS}
        about = stored.gram().withColumns({column: F.lit(value) for column, value in key.items()})
        ids = F.split(F.lit(" ".join(stored.ids)), " ")
        about.withColumn("image_ids", ids).write.parquet(file)
        matrices, to_own = spark.read.parquet(file), partial(to_kernel, ids=folds.ids)
        InRowSpace(
            folds, REG_PARAM, matrices, to_own, lambda: stored.on_workers(folds.labels)
        ).probabilities()

    train("warm-up")
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(5) as five:
        one_by_one = seconds(lambda: list(one.map(train, [f"first {place}" for place in range(5)])))
        at_once = seconds(lambda: list(five.map(train, [f"second {place}" for place in range(5)])))
    return one_by_one, at_once
