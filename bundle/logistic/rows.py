"""Rows of features in blocks, their labels, and which of them each of many fits is trained on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from logistic.errors import LogisticError
from logistic.threads import one_thread

Array = npt.NDArray[np.float64]
Numbers = npt.NDArray[Any]
Sums = Sequence[Array]

# Runs of blocks that are summed side by side: however many the blocks, no more sums are held.
_RUNS = 4


@dataclass(frozen=True)
class Labels:
    """What classes some rows have, and in which folds they are held out.

    Attributes
    ----------
    codes : ndarray of integers, shape (m, tasks)
        Class of each row in each task, from 0; -1 where the row is not part of the task.
    folds : ndarray of integers, shape (m, splits)
        For each split, the fold in which a row is held out; -1 where it is in none.
    groups : ndarray of integers, shape (m,), optional
        Group of each row, from 0: the groups among the training rows of a fit then weigh equally in its loss.
        None weighs all rows equally.
    """

    codes: npt.NDArray[np.integer[Any]]
    folds: npt.NDArray[np.integer[Any]]
    groups: npt.NDArray[np.integer[Any]] | None = None

    def __getitem__(self, rows: slice | npt.NDArray[np.int64]) -> Labels:
        """Return the labels of some of the rows."""
        groups = None if self.groups is None else self.groups[rows]
        return Labels(self.codes[rows], self.folds[rows], groups)

    def group_of_each(self) -> npt.NDArray[np.integer[Any]]:
        """Return `groups`, or one group of all rows."""
        return np.zeros(len(self.codes), np.int8) if self.groups is None else self.groups


@dataclass(frozen=True)
class Block:
    """Some of the rows.

    Attributes
    ----------
    features : ndarray of float32, shape (m, d)
    labels : Labels
    numbers : ndarray of int64, shape (m,)
        Which rows they are.
    """

    features: npt.NDArray[np.float32]
    labels: Labels
    numbers: npt.NDArray[np.int64]

    def parts(self, rows: int = 2048) -> Iterator[Block]:
        """Split into blocks of at most `rows` rows: with 2,048 features each, 16 MB."""
        for start in range(0, len(self.features), rows):
            part = slice(start, start + rows)
            yield Block(self.features[part], self.labels[part], self.numbers[part])


@dataclass(frozen=True)
class Fit:
    """One classifier: trained on all rows of a task but those that one fold of a split holds out.

    Attributes
    ----------
    task : int
        Column of `Labels.codes`.
    split : int, optional
        Column of `Labels.folds`; None holds out nothing.
    fold : int
    """

    task: int
    split: int | None = None
    fold: int = 0

    def training(self, labels: Labels) -> npt.NDArray[np.bool_]:
        """Return which rows the classifier is trained on."""
        in_task: npt.NDArray[np.bool_] = labels.codes[:, self.task] >= 0
        return in_task if self.split is None else in_task & (labels.folds[:, self.split] != self.fold)

    def held_out(self, labels: Labels) -> npt.NDArray[np.bool_]:
        """Return which rows of the task the fold holds out: none without a split."""
        in_task: npt.NDArray[np.bool_] = labels.codes[:, self.task] >= 0
        return in_task & ~self.training(labels)

    def shares(self, labels: Labels) -> Array:
        """Return the share of a training row of each group in the mean of the loss, shape (groups,).

        Parameters
        ----------
        labels : Labels
            Of all rows.
        """
        groups = labels.group_of_each()
        counts = np.bincount(groups[self.training(labels)], minlength=int(groups.max()) + 1)
        return np.asarray(1 / (np.count_nonzero(counts) * np.maximum(counts, 1)))

    def without_class(self, code: int) -> LogisticError:
        """Return the error for a class without training rows."""
        return LogisticError(f"{self}: class {code} has no training rows; draw other folds or add rows")

    def __str__(self) -> str:
        """Name the fit in a message."""
        held_out = "" if self.split is None else f", fold {self.fold} of split {self.split}"
        return f"task {self.task}{held_out}"


class Rows(Protocol):
    """All rows, wherever they are: each call reads them once."""

    def each(self, of_block: Callable[[Block], Sequence[Numbers]]) -> list[Sequence[Numbers]]:
        """Return what `of_block` returns for each block; neither their order nor their cut is fixed."""

    def total(self, of_block: Callable[[Block], Sums], large: bool = False) -> list[Array]:
        """Return the sums over all blocks of the arrays that `of_block` returns for one.

        Parameters
        ----------
        large : bool
            Whether the sums are tens of megabytes.
        """


def added(totals: Sums, sums: Sums) -> list[Array]:
    """Add the sums of a block to the totals of those before it, empty at first."""
    return [a + b for a, b in zip(totals, sums, strict=True)] if totals else list(sums)


class RowsInMemory:
    """Blocks in memory, each summed by one thread.

    Parameters
    ----------
    blocks : iterable of Block
    threads : int, optional
        Blocks at a time; by default one a core. BLAS gets one thread, since its own wait for each other.
    """

    def __init__(self, blocks: Iterable[Block], threads: int | None = None) -> None:
        self._blocks = tuple(blocks)
        self._threads = threads or os.cpu_count() or 1

    def total(self, of_block: Callable[[Block], Sums], large: bool = False) -> list[Array]:
        """Return the sums in the order of the blocks, so that they do not depend on the threads."""

        def of_run(run: int) -> list[Array]:
            totals: list[Array] = []
            for block in self._blocks[
                len(self._blocks) * run // _RUNS : len(self._blocks) * (run + 1) // _RUNS
            ]:
                totals = added(totals, of_block(block))
            return totals

        totals: list[Array] = []
        with self._pool() as pool:
            for sums in filter(None, pool.map(of_run, range(_RUNS))):
                totals = added(totals, sums)
        return totals

    def each(self, of_block: Callable[[Block], Sequence[Numbers]]) -> list[Sequence[Numbers]]:
        """Return what `of_block` returns for each block."""
        with self._pool() as pool:
            return list(pool.map(of_block, self._blocks))

    @contextmanager
    def _pool(self) -> Iterator[ThreadPoolExecutor]:
        with one_thread(), ThreadPoolExecutor(self._threads) as pool:
            yield pool
