"""The rows that an estimator is given, and fits on them: in the row space if they are wide, else together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark import StorageLevel
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from logistic.batched import fit_many
from logistic.classes import LinearModel
from logistic.columns import as_arrow, as_matrix, feature_length
from logistic.errors import LogisticError
from logistic.feature_rows import FeatureRows
from logistic.on_workers import RowsOnWorkers
from logistic.row_space import coefficients, common_scale, fit_rows, gram
from logistic.rows import Block, Fit, Labels, RowsInMemory

Array = npt.NDArray[np.float64]

# Features that are kept in memory instead of being read by every pass.
_MEMORY = 2**30
# Of features that a task of a pass reads.
_TASK_BYTES = 32 << 20


@dataclass(frozen=True)
class Dataset:
    """Rows with features, a label and folds.

    Attributes
    ----------
    frame : DataFrame
        Columns `features` (for `as_matrix`), `label` (int), and `fold0`, `fold1` and so on (int, null: none).
    features : str
        What the column is called where it comes from.
    rows, columns, classes : int
    present : tuple of tuple of int
        The folds that occur in each of these columns.
    """

    frame: DataFrame
    features: str
    rows: int
    columns: int
    classes: int
    present: tuple[tuple[int, ...], ...]

    @classmethod
    def read(cls, dataset: DataFrame, features: str, label: str, folds: Sequence[str]) -> Dataset:
        """Look at labels and folds; the arguments name columns.

        Raises
        ------
        LogisticError
            If a label is null or no whole number from 0, classes have gaps, a fold holds out all rows of a
            class, or no row has features.
        """
        # Both queries are small, and starting one takes longer than running it: run them at the same time.
        ints = [F.col(name).cast("int").alias(f"fold{place}") for place, name in enumerate(folds)]
        labels_query = dataset.select(F.col(label).cast("double").alias("label"), *ints)
        with_features = dataset.where(F.col(features).isNotNull())
        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(labels_query.toArrow)
            first = with_features.select(feature_length(dataset, features)).first()
            table = future.result()
        reject_nulls(label, table["label"])
        if first is None:
            raise LogisticError("logistic regression needs rows with features, and got none")
        codes = _whole_numbers(label, table["label"].to_numpy())
        present = tuple(
            _folds(name, codes, pc.fill_null(table[f"fold{place}"], -1).to_numpy())
            for place, name in enumerate(folds)
        )
        column = as_arrow(dataset, features, "float32").alias("features")
        frame = dataset.select(column, F.col(label).cast("int").alias("label"), *ints)
        return cls(frame, features, len(codes), first[0], max(2, int(codes.max()) + 1), present)

    @property
    def is_wide(self) -> bool:
        """Whether there are more columns than rows."""
        return self.columns > self.rows

    @property
    def n_bytes(self) -> int:
        """Memory that the features need."""
        return self.rows * self.columns * 4

    def fit(
        self, fits: Sequence[Fit], penalty: float, standardization: bool, scaled: bool
    ) -> list[LinearModel]:
        """Minimise mean log-loss + penalty / 2 * |coefficients|^2 for each fit.

        Parameters
        ----------
        standardization : bool
            Whether the penalty is for columns divided by their own standard deviations.
        scaled : bool
            Whether it is for columns divided by their common scale, if not by their own.
        """
        if self.is_wide:
            return self._in_row_space(fits, penalty, standardization, scaled)
        widths = [1] * self.columns if standardization else None
        with self._rows() as rows:
            return fit_many(rows, fits, [self.classes], penalty, standardization or scaled, widths)

    @contextmanager
    def _rows(self) -> Iterator[RowsInMemory | RowsOnWorkers]:
        to_block = _to_block(len(self.present))
        if self.n_bytes <= _MEMORY:
            batches = self._collected().to_batches()
            yield RowsInMemory(part for batch in batches for part in to_block(batch).parts())
            return
        with _kept(self.frame) as frame:
            if missing := frame.where(F.col("features").isNull()).count():
                raise _has_nulls(self.features, missing, self.rows)
            # Few partitions, since each sends sums of its own to the driver.
            yield RowsOnWorkers(frame.coalesce(-(-self.n_bytes // _TASK_BYTES)), to_block)

    def _collected(self) -> pa.Table:
        table = self.frame.toArrow()
        reject_nulls(self.features, table["features"])
        return table

    def _in_row_space(
        self, fits: Sequence[Fit], penalty: float, standardization: bool, scaled: bool
    ) -> list[LinearModel]:
        table = self._collected()
        features = FeatureRows.in_order(*(as_matrix(c) for c in table["features"].chunks if len(c)))
        labels = _labels(table, len(self.present))
        inner = None if standardization else gram(features)
        models = []
        for fit in fits:
            rows = np.flatnonzero(fit.training(labels))
            codes = labels.codes[rows, 0].astype(np.int64)
            divisor = _deviations(features, rows) if standardization else None
            own = gram(features, divisor) if inner is None else inner
            scale = common_scale(own, rows, self.columns) if scaled and not standardization else 1.0
            fitted = fit_rows(own, rows, codes, self.classes, penalty * scale**2)
            found, intercept = coefficients(fitted, own, features, divisor)
            models.append(LinearModel(found, intercept, _mean(features, rows)))
        return models


def reject_nulls(name: str, values: pa.ChunkedArray) -> None:
    """Raise a LogisticError if a column has nulls."""
    if missing := values.null_count:
        raise _has_nulls(name, missing, len(values))


def _whole_numbers(name: str, labels: Array) -> npt.NDArray[np.int64]:
    if labels.min() < 0 or (labels != np.floor(labels)).any():
        raise LogisticError(f"column {name} must hold whole numbers from 0, as doubles")
    codes = labels.astype(np.int64)
    if len(codes) and not codes.any():
        raise LogisticError(f"column {name} has one class: logistic regression needs two")
    if not np.bincount(codes).all():
        raise LogisticError(
            f"column {name} lacks a class: number the labels from 0 to {codes.max()} without gaps"
        )
    return codes


def _folds(name: str, codes: npt.NDArray[np.int64], folds: npt.NDArray[np.integer[Any]]) -> tuple[int, ...]:
    present = tuple(int(fold) for fold in np.unique(folds[folds >= 0]))
    for fold in present:
        counts = np.bincount(codes[folds != fold], minlength=int(codes.max()) + 1)
        if not counts.all():
            raise LogisticError(
                f"fold {fold} of column {name} holds out all rows of class {counts.argmin()}: "
                "draw other folds"
            )
    return present


def _has_nulls(name: str, missing: int, rows: int) -> LogisticError:
    return LogisticError(f"column {name} is null in {missing} of {rows} rows: remove those rows")


def _to_block(folds: int) -> Callable[[pa.RecordBatch], Block]:
    def to_block(batch: pa.RecordBatch) -> Block:
        unknown = np.full(len(batch), -1)
        return Block(as_matrix(batch["features"]), _labels(batch, folds), unknown)

    return to_block


def _labels(rows: pa.Table | pa.RecordBatch, folds: int) -> Labels:
    codes = rows["label"].to_numpy().astype(np.int64)[:, None]
    columns = [pc.fill_null(rows[f"fold{place}"], -1).to_numpy() for place in range(folds)]
    return Labels(codes, np.stack(columns, axis=1) if columns else np.empty((len(codes), 0), np.int64))


@contextmanager
def _kept(frame: DataFrame) -> Iterator[DataFrame]:
    """Keep rows that are computed, as Spark's own estimators do, so that passes do not compute them anew."""
    try:
        kept = frame.persist(StorageLevel.MEMORY_AND_DISK)
    except PySparkException:
        # Serverless compute keeps nothing: https://docs.databricks.com/aws/en/compute/serverless/limitations
        yield frame
        return
    try:
        yield kept
    finally:
        kept.unpersist()


def _deviations(features: FeatureRows, rows: npt.NDArray[np.int64]) -> Array:
    deviation = np.concatenate([block[rows].std(axis=0, ddof=1) for _, block in features.blocks()])
    return np.where(deviation > 0, deviation, np.inf)


def _mean(features: FeatureRows, rows: npt.NDArray[np.int64]) -> Array:
    return np.concatenate([block[rows].mean(axis=0) for _, block in features.blocks()])
