"""Rows of features in blocks, and which of them each of many fits is trained on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

Array = npt.NDArray[np.float64]
Sums = Sequence[Array]


@dataclass(frozen=True)
class Block:
    """Some of the rows.

    Attributes
    ----------
    features : ndarray of float32, shape (m, d)
    codes : ndarray of integers, shape (m, tasks)
        Class of each row in each task, from 0; -1 where the row is not part of the task.
    folds : ndarray of integers, shape (m, splits)
        For each split, the fold in which a row is held out; -1 where it is in none.
    """

    features: npt.NDArray[np.float32]
    codes: npt.NDArray[np.integer[Any]]
    folds: npt.NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Fit:
    """One classifier: trained on all rows of a task but those that one fold of a split holds out.

    Attributes
    ----------
    task : int
        Column of `Block.codes`.
    split : int, optional
        Column of `Block.folds`; None holds out nothing.
    fold : int
    """

    task: int
    split: int | None = None
    fold: int = 0

    def training(self, block: Block) -> npt.NDArray[np.bool_]:
        """Return which rows of a block the classifier is trained on."""
        in_task: npt.NDArray[np.bool_] = block.codes[:, self.task] >= 0
        if self.split is None:
            return in_task
        not_held_out: npt.NDArray[np.bool_] = block.folds[:, self.split] != self.fold
        return in_task & not_held_out


class Rows(Protocol):
    """All rows, wherever they are: each call of `total` reads them once."""

    def total(self, of_block: Callable[[Block], Sums]) -> list[Array]:
        """Return the sums over all blocks of the arrays that `of_block` returns for one."""


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

    def total(self, of_block: Callable[[Block], Sums]) -> list[Array]:
        """Return the sums in the order of the blocks, so that they do not depend on the threads."""
        totals: list[Array] = []
        with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(self._threads) as pool:
            for sums in pool.map(of_block, self._blocks):
                totals = [a + b for a, b in zip(totals, sums, strict=True)] if totals else list(sums)
        return totals
