"""Many penalised logistic regressions at once, on more rows than columns: each pass over the rows serves all.

A quasi-Newton method whose metric is the curvature of the loss within each contrast of the classes, computed
once for the fits of a task and once more when their progress slows. A pass takes two matrix products for all
fits together: the folds of a cross-validation cost little more than one fit. Nothing here needs Spark.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from logistic.block_sums import Standard, curvature, losses_and_gradients
from logistic.classes import LinearModel, start_margins, to_outputs
from logistic.descent import Descent
from logistic.errors import LogisticError
from logistic.measured import Measured, measure, penalties_of
from logistic.metric import MOST_TOGETHER, Metric, parts_of
from logistic.rows import Array, Fit, Rows

# Length of the gradient, for coefficients scaled so that the penalty is 1, at which a fit has
# converged: probabilities are then within 1e-5 of those of the minimum, outlying rows included.
_GRADIENT_TOLERANCE = 1e-6
_MOST_PASSES = 200
# Where rounding errors end a descent in float64, it must have come this far.
_ROUNDING_TOLERANCE = 1e-5
# In float32, which is faster; rounding errors may keep a fit with a small penalty from converging in it.
_FLOAT32_PASSES = 60
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
    shares: Array | None = None,
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
    shares : ndarray of float64, shape (fits, groups), optional
        `Fit.shares` of each fit; by default all training rows weigh equally.

    Raises
    ------
    LogisticError
        If a class has no training rows, the features are equal or not finite, or a fit does not converge.
    """
    data = measure(rows, fits, n_classes)
    penalties = np.full_like(data.variances, 1 / data.standard.scale**2)
    if common_scale:
        penalties = penalties_of(data.variances, widths or [data.variances.shape[1]])
    if shares is None:
        shares = 1 / data.counts.sum(axis=1, keepdims=True)
    solver = _Solver(rows, fits, n_classes, penalty * penalties, data, shares)
    return [
        _unscaled(weights, data.standard, to_outputs(n_classes[fit.task]), mean)
        for fit, weights, mean in zip(fits, solver.run(), data.means, strict=True)
    ]


class _Solver:
    def __init__(
        self,
        rows: Rows,
        fits: Sequence[Fit],
        n_classes: Sequence[int],
        penalties: Array,
        data: Measured,
        shares: Array,
    ) -> None:
        self._rows, self._fits, self._n_classes = rows, fits, n_classes
        self._penalties, self._data, self._shares = penalties, data, shares
        self._descents = [Descent(self._start(place)) for place in range(len(fits))]
        self._metrics = {task: self._metric(task) for task in sorted({fit.task for fit in fits})}
        self._refreshed: set[int] = set()
        self._ended: set[int] = set()
        self._lengths = np.full(len(fits), np.inf)
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
        raise self._not_converged(worst)

    def _start(self, place: int) -> Array:
        classes = self._n_classes[self._fits[place].task]
        weights = np.zeros((len(self._data.standard.center) + 1, classes - 1))
        weights[-1] = start_margins(self._data.counts[place, :classes])
        return weights

    def _evaluate(self, active: Sequence[int]) -> list[int]:
        """Compute loss and gradient of the trials; return the fits that accept theirs."""
        losses, gradients = self._rows.total(
            losses_and_gradients(
                [self._fits[place] for place in active],
                self._shares[list(active)],
                self._n_classes,
                [self._descents[place].trial for place in active],
                self._data.standard,
                self._dtype,
            )
        )
        accepted, stuck, end = [], list[int](), 0
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
                    self._lengths[place] = _scaled_length(gradient, penalty)
            except ArithmeticError:
                stuck.append(place)
        self._passes += 1
        if self._dtype == np.float32 and (stuck or self._passes == _FLOAT32_PASSES):
            return self._go_on_in_float64()
        self._check_rounding(stuck)
        return accepted

    def _check_rounding(self, stuck: Sequence[int]) -> None:
        """Let fits end that only rounding errors keep from coming closer, if they are close."""
        for place in stuck:
            if self._gradient(place) > _ROUNDING_TOLERANCE:
                raise self._not_converged(place)
        self._ended.update(stuck)

    def _not_converged(self, place: int) -> LogisticError:
        return LogisticError(
            f"logistic regression of {self._fits[place]} did not converge in {self._passes} passes "
            f"(gradient {self._gradient(place):.1e}): increase the penalty"
        )

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
        return place in self._ended or self._gradient(place) < _GRADIENT_TOLERANCE

    def _gradient(self, place: int) -> float:
        return float(self._lengths[place])


def _scaled_length(gradient: Array, penalty: Array) -> float:
    """Return the length of a gradient for coefficients scaled so that the penalty is 1."""
    of_intercept = (gradient[-1] ** 2).sum() / penalty.mean()
    return float(np.sqrt((gradient[:-1] ** 2 / penalty[:, None]).sum() + of_intercept))


def _unscaled(weights: Array, standard: Standard, matrix: Array, mean: Array) -> LinearModel:
    """Return the coefficients of the classes for features as they are."""
    by_class = matrix @ weights.T
    coefficients = by_class[:, :-1] / standard.scale
    return LinearModel(coefficients, by_class[:, -1] - coefficients @ standard.center, mean)
