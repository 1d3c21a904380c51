"""Fit the classifiers of the folds of a run, in the row space or all at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from logistic.batched import fit_many
from logistic.block_sums import combinations
from logistic.classes import LinearModel, class_probabilities
from logistic.row_space import Kernel, RowSpaceFit, probabilities
from logistic.row_space_on_workers import OfFit, fit_on_workers
from logistic.rows import Block, Fit, Numbers, Rows
from pyspark.sql import DataFrame

from covid_xray.evaluation.folds import Folds

Array = npt.NDArray[np.float64]


class Classifiers(Protocol):
    """How the classifiers of one or more networks are fitted; both ways find the same minimum."""

    @property
    def folds(self) -> Folds:
        """The folds, and the images that are fitted on."""

    @property
    def rows(self) -> Rows:
        """The features of the images, with the labels of the folds."""

    def probabilities(self) -> list[Array]:
        """Return the probabilities of every fold's classifier for its held-out images.

        Returns
        -------
        list of ndarray, each of shape (h, k)
            As `Folds.predictions` takes them.
        """

    def models(self, fits: Sequence[Fit]) -> list[LinearModel]:
        """Return fitted models, for features as they are stored."""


@dataclass(frozen=True)
class InRowSpace:
    """Fitted one by one on Gram matrices: for few images, of any width.

    Attributes
    ----------
    folds : Folds
    reg_param : float
        Regularisation strength (Spark's regParam), for features divided by the training rows' common scale.
    matrices : DataFrame
        Rows with Gram matrices.
    to_kernel : callable
        Turns them into a kernel of the images of the folds, on the workers.
    read : callable
        Returns `rows`, which only `models` needs.
    """

    folds: Folds
    reg_param: float
    matrices: DataFrame
    to_kernel: Callable[[pa.Table], Kernel]
    read: Callable[[], Rows]

    @cached_property
    def rows(self) -> Rows:
        """The features of one network."""
        return self.read()

    def probabilities(self) -> list[Array]:
        """Fit on the workers."""
        labels = self.folds.labels

        def of_held_out(fit: Fit, fitted: RowSpaceFit, matrix: Array) -> Sequence[Numbers]:
            return (probabilities(fitted, matrix, np.flatnonzero(fit.held_out(labels))),)

        return [found for (found,) in self._fit(self.folds.fits, of_held_out)]

    def models(self, fits: Sequence[Fit]) -> list[LinearModel]:
        """Fit on the workers, and read the features once."""
        fitted = [RowSpaceFit(*arrays) for arrays in self._fit(fits, _all_of_fit)]
        weights = np.zeros((len(self.folds.ids), sum(1 + fit.dual.shape[1] for fit in fitted)))
        column = 0
        for fit in fitted:
            # Two columns or more of each fit: what the mean of its rows is made of, and its coefficients.
            weights[fit.rows, column] = 1 / len(fit.rows)
            weights[fit.rows, column + 1 : column + 1 + fit.dual.shape[1]] = fit.dual
            column += 1 + fit.dual.shape[1]
        (sums,) = self.rows.total(combinations(weights), large=True)
        models = []
        for fit in fitted:
            mean, coefficients = sums[0], sums[1 : 1 + fit.dual.shape[1]]
            sums = sums[1 + fit.dual.shape[1] :]
            models.append(LinearModel(coefficients, fit.intercept - coefficients @ mean, mean))
        return models

    def _fit(self, fits: Sequence[Fit], of_fit: OfFit) -> list[list[Numbers]]:
        folds = self.folds
        return fit_on_workers(
            self.matrices, self.to_kernel, folds.labels, fits, folds.n_classes, self.reg_param, of_fit
        )


@dataclass(frozen=True)
class AllAtOnce:
    """Fitted together in some tens of passes over the features: for many images, of some thousand features.

    Attributes
    ----------
    folds : Folds
    reg_param : float
        As of `InRowSpace`.
    rows : Rows
        Features with the labels of the folds.
    widths : sequence of int
        Features of each network.
    """

    folds: Folds
    reg_param: float
    rows: Rows
    widths: Sequence[int]

    def probabilities(self) -> list[Array]:
        """Fit, and read the features once more."""
        fits = self.folds.fits
        return held_out_probabilities(self.rows, fits, self.models(fits))

    def models(self, fits: Sequence[Fit]) -> list[LinearModel]:
        """Fit all at once."""
        shares = np.stack([fit.shares(self.folds.labels) for fit in fits])
        return fit_many(
            self.rows, fits, self.folds.n_classes, self.reg_param, widths=self.widths, shares=shares
        )


def held_out_probabilities(rows: Rows, fits: Sequence[Fit], models: Sequence[LinearModel]) -> list[Array]:
    """Return the probabilities that each model gives to its held-out rows, from one pass."""
    found = [deque(arrays) for arrays in rows.each(_held_out(fits, models))]
    # What is put in order is let go, so that memory does not hold everything twice.
    return [in_order([(one.popleft(), one.popleft()) for one in found]) for _ in fits]


def in_order(parts: Sequence[tuple[Numbers, Numbers]]) -> Numbers:
    """Return values of rows from several blocks, in the order of the rows' numbers."""
    numbers, values = (np.concatenate(one) for one in zip(*parts, strict=True))
    ordered: Numbers = values[np.argsort(numbers)]
    return ordered


def _all_of_fit(_: Fit, fitted: RowSpaceFit, __: Array) -> Sequence[Numbers]:
    return fitted.rows, fitted.dual, fitted.intercept


def _held_out(fits: Sequence[Fit], models: Sequence[LinearModel]) -> Callable[[Block], Sequence[Numbers]]:
    """Return the numbers and probabilities of a block's held-out rows, one fit after the other."""
    stacked = np.vstack([model.coefficients for model in models]).T
    intercepts = np.concatenate([model.intercept for model in models])
    widths = [len(model.intercept) for model in models]
    ends = np.cumsum(widths)

    def of_block(block: Block) -> Sequence[Numbers]:
        margins = block.features.astype(np.float64) @ stacked + intercepts
        found: list[Numbers] = []
        for fit, width, end in zip(fits, widths, ends, strict=True):
            rows = np.flatnonzero(fit.held_out(block.labels))
            own = margins[rows, end - width : end]
            found += [block.numbers[rows].astype(np.int32), class_probabilities(own)]
        return found

    return of_block
