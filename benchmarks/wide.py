"""The wide estimator against Spark's LogisticRegression, with as many columns as InceptionV3 has features."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from covid_xray.features.gram import GramMatrix
from covid_xray.features.stored import StoredFeatures
from covid_xray.storage.session import local_session, session_settings
from logistic.estimator import WideLogisticRegression
from logistic.row_space import RowSpaceFit
from logistic.row_space_on_workers import fit_on_workers
from logistic.rows import Fit, Labels
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.functions import array_to_vector
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from benchmarks.options import Options
from benchmarks.processes import in_new_process, peak_memory, seconds
from benchmarks.result import Goal, Ratio
from benchmarks.workbench import allow_memory, fewest_partitions

ROWS, COLUMNS, FOLDS = 900, 131_072, 6
# Both fit a few rows first, as a warm-up of the JVM.
FEW, FEW_COLUMNS = 20, 100
REG_PARAM = 0.05
# Memory that Spark's estimator needs; with the 4 GB of a run it spills to disk.
_SPARK_MEMORY = "10g"
# Rows per file, as featurize writes in one task.
_FILE_ROWS = 64

Array = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float32]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Cost:
    """Seconds, peak memory in GB, and how much of it was added to what the process held before."""

    seconds: float
    peak: float
    added: float


@dataclass(frozen=True)
class Fits:
    """The cost of one fit on all rows, and its solution."""

    cost: Cost
    coefficients: Array
    intercept: float


def measure(options: Options) -> list[Ratio]:
    """Fit both estimators on the same rows, each in a new process."""
    folder = options.folder / "wide"
    matrix, codes = _draw()
    _write(folder / "all", matrix, codes)
    _write(folder / "few", matrix[:FEW, :FEW_COLUMNS], codes[:FEW])
    penalty = REG_PARAM * _scale(matrix) ** 2
    ours, our_six = in_new_process(_ours, folder), in_new_process(_ours_on_folds, folder, codes)
    sparks, sparks_six = in_new_process(_sparks, folder, penalty)
    objectives = [_objective(matrix, codes, fits, penalty) for fits in (ours, sparks)]
    return [
        _speedup("one fit", sparks.cost, ours.cost, at_least=5),
        _speedup(f"{FOLDS} fits on folds", sparks_six, our_six, at_least=12),
        Ratio(
            "wide estimator, objective: ours / Spark's",
            objectives[0] / objectives[1],
            Goal(high=1),
            {"ours": objectives[0], "Spark's": objectives[1]},
        ),
        _memory("one fit, all of the process", ours.cost.peak, sparks.cost.peak),
        _memory("one fit, what it adds", ours.cost.added, sparks.cost.added),
        # Spark's first fit: the six after it find the memory of the JVM grown.
        _memory(f"{FOLDS} fits on folds, what they add", our_six.added, sparks.cost.added),
    ]


def _speedup(operation: str, sparks: Cost, ours: Cost, at_least: float) -> Ratio:
    parts = {"Spark's s": sparks.seconds, "ours s": ours.seconds}
    ratio = sparks.seconds / ours.seconds
    return Ratio(f"wide estimator, {operation}: Spark's / ours", ratio, Goal(low=at_least), parts)


def _memory(of: str, ours: float, sparks: float) -> Ratio:
    parts = {"ours GB": ours, "Spark's GB": sparks}
    return Ratio(f"wide estimator, memory of {of}: ours / Spark's", ours / sparks, Goal(high=0.2), parts)


def _cost(call: Callable[[], object]) -> Cost:
    with peak_memory(os.getpid()) as peak:
        before = peak()
        took = seconds(call)
    return Cost(took, peak(), peak() - before)


def _ours(folder: Path) -> Fits:
    spark = local_session("local[*]", folder / "spark.log")
    few, rows = (spark.read.parquet(str(folder / which / "packed")) for which in ("few", "all"))
    estimator = WideLogisticRegression(regParam=REG_PARAM)
    estimator.fit(few)
    models = []
    cost = _cost(lambda: models.append(estimator.fit(rows)))
    [model] = models
    return Fits(cost, model.coefficientMatrix.toArray()[0], float(model.interceptVector[0]))


def _ours_on_folds(folder: Path, codes: Codes) -> Cost:
    """Fit as `train` does, on the workers: one Gram matrix, a submatrix for each fold."""
    spark = local_session("local[*]", folder / "spark.log")

    def six(which: str, codes: Codes) -> None:
        rows = StoredFeatures.of(spark.read.parquet(str(folder / which / "packed")), _ids(len(codes)))
        labels = Labels(codes[:, None], (np.arange(len(codes)) % FOLDS)[:, None])
        to_kernel = partial(_to_kernel, ids=rows.ids, columns=rows.width)
        fits = [Fit(0, 0, fold) for fold in range(FOLDS)]
        fit_on_workers(rows.gram(), to_kernel, labels, fits, [2], REG_PARAM, _solution)

    six("few", codes[:FEW])
    return _cost(lambda: six("all", codes))


def _to_kernel(rows: pa.Table, ids: tuple[str, ...], columns: int) -> GramMatrix:
    products = np.frombuffer(rows["products"][0].as_buffer(), "<f8")
    return GramMatrix(ids, columns, products.reshape(len(ids), -1))


def _solution(_: Fit, fitted: RowSpaceFit, __: Array) -> list[Array]:
    return [fitted.dual]


def _sparks(folder: Path, penalty: float) -> tuple[Fits, Cost]:
    allow_memory(_SPARK_MEMORY)
    spark = local_session("local[*]", folder / "spark.log")
    few, rows = (_vectors(spark, folder / which / "lists").cache() for which in ("few", "all"))
    estimator = LogisticRegression(regParam=penalty, standardization=False)
    estimator.fit(few)
    models = []
    cost = _cost(lambda: models.append(estimator.fit(rows)))
    [model] = models

    def six() -> None:
        for fold in range(FOLDS):
            estimator.fit(rows.where(F.col("fold") != fold))

    fits = Fits(cost, model.coefficients.toArray(), float(model.intercept))
    return fits, _cost(six)


def _vectors(spark: SparkSession, lists: Path) -> DataFrame:
    rows = spark.read.parquet(str(lists)).withColumn("features", array_to_vector(F.col("features")))
    return fewest_partitions(rows.select("features", "label", "fold"))


def _draw() -> tuple[Matrix, Codes]:
    """Draw rows like features: non-negative, half zero, some columns depending on the class."""
    random = np.random.default_rng(5)
    codes = np.arange(ROWS) // 7 % 2
    matrix = random.standard_normal((ROWS, COLUMNS), np.float32)
    matrix[codes == 1, : COLUMNS // 64] += 0.1
    np.maximum(matrix, 0, out=matrix)
    return matrix, codes


def _write(folder: Path, matrix: Matrix, codes: Codes) -> None:
    """Write the rows as lists of numbers, for Spark's vectors, and packed as in `features`."""
    rows, columns = matrix.shape
    group = int(session_settings()["spark.hadoop.parquet.block.size"]) // (columns * 4)
    for name in ("lists", "packed"):
        (folder / name).mkdir(parents=True)
    for start in range(0, rows, _FILE_ROWS):
        part = slice(start, start + _FILE_ROWS)
        other_columns = {
            "image_id": _ids(rows)[part],
            "label": codes[part].astype(np.float64),
            "fold": np.arange(rows)[part] % FOLDS,
        }
        lists = pa.FixedSizeListArray.from_arrays(matrix[part].ravel(), columns).cast(pa.list_(pa.float32()))
        packed = [row.tobytes() for row in matrix[part]]
        for name, features in (("lists", lists), ("packed", packed)):
            file = folder / name / f"{start:04}.parquet"
            pq.write_table(pa.table(other_columns | {"features": features}), file, row_group_size=group)


def _ids(rows: int) -> list[str]:
    return [f"{row:04}" for row in range(rows)]


def _scale(matrix: Matrix) -> float:
    blocks = np.array_split(matrix, COLUMNS // 4096, axis=1)
    return float(np.sqrt(np.mean([block.var(axis=0, ddof=1, dtype=np.float64).mean() for block in blocks])))


def _objective(matrix: Matrix, codes: Codes, fits: Fits, penalty: float) -> float:
    margins = np.full(ROWS, fits.intercept)
    for start in range(0, COLUMNS, 4096):
        block = slice(start, start + 4096)
        margins += matrix[:, block].astype(np.float64) @ fits.coefficients[block]
    loss = np.mean(np.logaddexp(0, margins) - codes * margins)
    return float(loss + penalty / 2 * fits.coefficients @ fits.coefficients)
