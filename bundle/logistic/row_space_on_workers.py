"""Fits in the row space as groups on the workers, each of which gets the Gram matrices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from logistic.errors import LogisticError
from logistic.on_workers import packed, unpacked
from logistic.row_space import Kernel, RowSpaceFit, fit_rows
from logistic.rows import Array, Fit, Labels, Numbers

# What is wanted of a fit, from the matrix that it was fitted on.
OfFit = Callable[[Fit, RowSpaceFit, Array], Sequence[Numbers]]

# Groups that fits are divided into; each copies the matrices.
_MOST_GROUPS = 8
# Rows of all fits together below which another group would not pay.
_GROUP_ROWS = 4000
_FITTED = "fit INT, arrays BINARY"
_ARROW_FITTED = pa.schema([("fit", pa.int32()), ("arrays", pa.binary())])


def fit_on_workers(
    matrices: DataFrame,
    to_kernel: Callable[[pa.Table], Kernel],
    labels: Labels,
    fits: Sequence[Fit],
    n_classes: Sequence[int],
    reg_param: float,
    of_fit: OfFit,
) -> list[list[Numbers]]:
    """Fit each classifier, and return the arrays that `of_fit` makes of it.

    Parameters
    ----------
    matrices : DataFrame
        Some rows with Gram matrices.
    to_kernel : callable
        Turns them into a kernel, on the workers.
    labels : Labels
        Of the rows of the kernel.
    n_classes : sequence of int
        Of each task.
    reg_param : float
        Spark's regParam, greater than 0, for features divided by the training rows' common scale.

    Raises
    ------
    LogisticError
        If a class of a fit has no training rows.
    PythonException
        With the message of a LogisticError, if a fit does not converge on a worker.
    """
    trainings = [_training(fit, labels, n_classes[fit.task]) for fit in fits]
    paying = -(-sum(map(len, trainings)) // _GROUP_ROWS)
    groups = min(len(fits), paying, _MOST_GROUPS)

    def fit_group(rows: pa.Table) -> Iterator[tuple[int, Sequence[Numbers]]]:
        kernel, group = to_kernel(rows), rows["group"][0].as_py()
        for place in range(group, len(fits), groups):
            fit, training = fits[place], trainings[place]
            codes = labels.codes[training, fit.task].astype(np.int64)
            matrix, scale = kernel.for_training_rows(training)
            try:
                shares = fit.shares(labels)[labels.group_of_each()[training]]
                fitted = fit_rows(matrix, training, codes, n_classes[fit.task], reg_param * scale**2, shares)
            except LogisticError as error:
                raise LogisticError(f"{fit}: {error}") from None
            yield place, of_fit(fit, fitted, matrix)

    def fit_groups(rows: pa.Table) -> pa.Table:
        fitted = [{"fit": place, "arrays": packed(arrays)} for place, arrays in fit_group(rows)]
        return pa.Table.from_pylist(fitted, _ARROW_FITTED)

    numbers = F.explode(F.sequence(F.lit(0), F.lit(groups - 1)))
    found = matrices.withColumn("group", numbers).groupBy("group").applyInArrow(fit_groups, _FITTED)
    ordered = found.toArrow().sort_by("fit")
    return [unpacked(arrays) for arrays in ordered["arrays"].to_pylist()]


def _training(fit: Fit, labels: Labels, n_classes: int) -> npt.NDArray[np.int64]:
    training = np.flatnonzero(fit.training(labels))
    counts = np.bincount(labels.codes[training, fit.task], minlength=n_classes)
    if not counts.all():
        raise fit.without_class(int(counts.argmin()))
    return training
