"""Many penalised logistic regressions at once, on more rows than columns: each pass over the rows serves all.

A quasi-Newton method whose metric is the curvature of the loss within each contrast of the classes, computed
once for the fits of a task and once more when their progress slows. A pass takes two matrix products for all
fits together: the folds of a cross-validation cost little more than one fit. Nothing here needs Spark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from logistic.block_sums import Standard, curvature, losses_and_gradients, moments
from logistic.classes import LinearModel, contrasts
from logistic.descent import Descent
from logistic.errors import LogisticError
from logistic.metric import MOST_TOGETHER, Metric, parts_of
from logistic.rows import Array, Fit, Rows

# Length of the gradient, for coefficients scaled so that the penalty is 1, at which a fit has
# converged: probabilities are then within 1e-5 of those of the minimum, outlying rows included.
_GRADIENT_TOLERANCE = 1e-6
_MOST_PASSES = 200
# In float32, which is faster; rounding errors may keep a fit with a small penalty from converging in it.
_FLOAT32_PASSES = 60
# Share of the largest variance below which rounding errors are all there is.
_CONSTANT = 1e-12
# Rows per column that the metric is computed from: more would change it by less than the folds do.
_METRIC_ROWS = 16
# A fit whose gradient has lost less than this factor in so many passes makes slow progress.
_SLOW, _SLOW_PASSES = 0.3, 3


def fit_many(
    rows: Rows,
    fits: Sequence[Fit],
    n_classes: Sequence[int],
    penalty: float,
    common_scale: bool = True,
    widths: Sequence[int] | None = None,
) -> list[LinearModel]:
    """Minimise, for each fit, mean log-loss + penalty / 2 * |coefficients|^2 over its training rows.

    Parameters
    ----------
    rows : Rows
        Their features must be finite.
    fits : sequence of Fit
    n_classes : sequence of int
        Of each task.
    penalty : float
        Spark's regParam, greater than 0.
    common_scale : bool
        Whether the penalty is for features divided by the root of the mean variance (ddof 1) of the columns
        over the training rows of the fit, as `row_space.common_scale`.
    widths : sequence of int, optional
        Of groups of columns, from left to right: each group is then divided by its own root, and by that of
        its share of the columns, so that all groups have the same variance in sum.

    Raises
    ------
    LogisticError
        If a class has no training rows, the features are equal or not finite, or a fit does not converge.
    """
    data = _measure(rows, fits, n_classes)
    penalties = np.full_like(data.variances, 1 / data.standard.scale**2)
    if common_scale:
        penalties = _scaled(data.variances, widths or [data.variances.shape[1]])
    solver = _Solver(rows, fits, n_classes, penalty * penalties, data)
    return [
        _unscaled(weights, data.standard, contrasts(n_classes[fit.task]), mean)
        for fit, weights, mean in zip(fits, solver.run(), data.means, strict=True)
    ]


@dataclass(frozen=True)
class _Data:
    """What the first pass finds.

    Attributes
    ----------
    rows : int
    counts : ndarray, shape (fits, most classes)
        Training rows of each class.
    means, variances : ndarray, shape (fits, d)
        Of the columns over the training rows, the variances of standardised ones.
    """

    standard: Standard
    rows: int
    counts: Array
    means: Array
    variances: Array


def _measure(rows: Rows, fits: Sequence[Fit], n_classes: Sequence[int]) -> _Data:
    n, total, squares, counts, sums, square_sums = rows.total(moments(fits, max(n_classes)))
    for fit, own in zip(fits, counts, strict=True):
        if not own[: n_classes[fit.task]].all():
            raise fit.without_class(int(own.argmin()))
    center = total / n
    scale = float(np.sqrt((squares - n * center**2).sum() / ((n[0] - 1) * len(total))))
    if not scale > 0:
        raise LogisticError("the features of all rows are equal, or not finite: there is nothing to fit")
    trained = counts.sum(axis=1, keepdims=True)
    means = sums / trained
    variances = (square_sums - trained * means**2) / (trained - 1) / scale**2
    return _Data(Standard(center, scale), int(n[0]), counts, means, np.maximum(variances, 0.0))


def _scaled(variances: Array, widths: Sequence[int]) -> Array:
    """Return what a unit of penalty is for each fit and column, shape (fits, d)."""
    starts = np.cumsum([0, *widths[:-1]])
    in_groups = np.add.reduceat(variances, starts, axis=1) * len(widths) / sum(widths)
    # A group without variance gets coefficients of 0 whatever the penalty.
    floor = _CONSTANT * in_groups.max(axis=1, keepdims=True)
    return np.repeat(np.where(in_groups > floor, in_groups, 1.0), widths, axis=1)


class _Solver:
    def __init__(
        self, rows: Rows, fits: Sequence[Fit], n_classes: Sequence[int], penalties: Array, data: _Data
    ) -> None:
        self._rows, self._fits, self._n_classes = rows, fits, n_classes
        self._penalties, self._data = penalties, data
        self._descents = [Descent(self._start(place)) for place in range(len(fits))]
        self._metrics = {task: self._metric(task) for task in sorted({fit.task for fit in fits})}
        self._refreshed: set[int] = set()
        self._dtype: npt.DTypeLike = np.float32
        self._passes = 0

    def run(self) -> list[Array]:
        """Return the weights of each fit at its minimum, for standardised features."""
        active = list(range(len(self._fits)))
        for _ in range(_MOST_PASSES):
            accepted = self._evaluate(active)
            active = [place for place in active if not self._is_converged(place)]
            if not active:
                return [descent.point for descent in self._descents]
            self._refresh_slow(active)
            self._set_directions([place for place in accepted if place in active])
        worst = max(active, key=self._gradient)
        raise LogisticError(
            f"logistic regression of {self._fits[worst]} did not converge in {_MOST_PASSES} passes "
            f"(gradient {self._gradient(worst):.1e}): increase the penalty"
        )

    def _start(self, place: int) -> Array:
        classes = self._n_classes[self._fits[place].task]
        logs = np.log(self._data.counts[place, :classes])
        weights = np.zeros((len(self._data.standard.center) + 1, classes - 1))
        weights[-1] = np.linalg.pinv(contrasts(classes)) @ (logs - (logs[0] if classes == 2 else logs.mean()))
        return weights

    def _evaluate(self, active: Sequence[int]) -> list[int]:
        """Compute loss and gradient of the trials; return the fits that accept theirs."""
        losses, gradients = self._rows.total(
            losses_and_gradients(
                [self._fits[place] for place in active],
                self._data.counts.sum(axis=1)[list(active)],
                self._n_classes,
                [self._descents[place].trial for place in active],
                self._data.standard,
                self._dtype,
            )
        )
        accepted, stuck, end = [], False, 0
        for place, loss in zip(active, losses, strict=True):
            descent, penalty = self._descents[place], self._penalties[place]
            coefficients = descent.trial[:-1]
            start, end = end, end + coefficients.shape[1]
            gradient = gradients[:, start:end].copy()
            gradient[:-1] += penalty[:, None] * coefficients
            loss += np.vdot(penalty[:, None] * coefficients, coefficients) / 2
            try:
                if descent.accept(float(loss), gradient):
                    accepted.append(place)
            except ArithmeticError:
                stuck = True
        self._passes += 1
        if self._dtype == np.float32 and (stuck or self._passes == _FLOAT32_PASSES):
            return self._go_on_in_float64()
        return accepted

    def _go_on_in_float64(self) -> list[int]:
        self._dtype = np.float64
        for descent in self._descents:
            descent.restart()
        return []

    def _refresh_slow(self, active: Sequence[int]) -> None:
        """Compute the metric of a task anew, once, when most of its fits have become slow."""
        for task in set(self._metrics) - self._refreshed:
            slow = [self._is_slow(place) for place in active if self._fits[place].task == task]
            if slow and np.mean(slow) > 0.5:
                self._metrics[task] = self._metric(task)
                self._refreshed.add(task)

    def _set_directions(self, accepted: Sequence[int]) -> None:
        for task, metric in self._metrics.items():
            places = [place for place in accepted if self._fits[place].task == task]
            if not places:
                continue
            halves = [self._descents[place].first_loop() for place in places]
            solutions = metric.solve(np.stack([half for half, _ in halves], axis=2))
            for number, (place, (_, factors)) in enumerate(zip(places, halves, strict=True)):
                self._descents[place].second_loop(solutions[:, :, number], factors)

    def _metric(self, task: int) -> Metric:
        """Factor the curvature at the mean of the task's fits."""
        places = [place for place, fit in enumerate(self._fits) if fit.task == task]
        weights = np.mean([self._descents[place].point for place in places], axis=0)
        every = max(1, self._data.rows // (_METRIC_ROWS * min(len(weights), MOST_TOGETHER)))
        parts = parts_of(len(weights))
        of_block = curvature(task, self._n_classes[task], weights, self._data.standard, every, parts)
        used, *matrices = self._rows.total(of_block, large=True)
        penalty = np.append(self._penalties[places].mean(axis=0), 0.0)
        return Metric(parts, [matrix / used[0] for matrix in matrices], penalty)

    def _is_slow(self, place: int) -> bool:
        norms = self._descents[place].gradient_norms
        return len(norms) > _SLOW_PASSES + 1 and norms[-1] > _SLOW * norms[-1 - _SLOW_PASSES]

    def _is_converged(self, place: int) -> bool:
        return self._gradient(place) < _GRADIENT_TOLERANCE

    def _gradient(self, place: int) -> float:
        return self._descents[place].gradient_norms[-1] / float(np.sqrt(self._penalties[place].min()))


def _unscaled(weights: Array, standard: Standard, matrix: Array, mean: Array) -> LinearModel:
    """Return the coefficients of the classes for features as they are."""
    if len(matrix) == 2:
        matrix = np.ones((1, 1))
    by_class = matrix @ weights.T
    coefficients = by_class[:, :-1] / standard.scale
    return LinearModel(coefficients, by_class[:, -1] - coefficients @ standard.center, mean)
