"""The steps of one fit: L-BFGS, started from a metric of the caller's.

Nocedal & Wright 2006, "Numerical Optimization", chapters 3 and 7.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from logistic.errors import LogisticError
from logistic.rows import Array

# Pairs of steps and changes of the gradient that are kept.
_MEMORY = 12
# Share of the predicted decrease of the loss that a step must bring.
_SUFFICIENT = 1e-4
# Rounding errors of the loss, relative to it, below which its slope decides.
_ROUNDING = 1e-6
_SHORTEST_STEP = 1e-6


class _Pair(NamedTuple):
    step: Array
    change: Array
    curvature: float


def _dot(one: Array, other: Array) -> float:
    return float(np.vdot(one, other))


@dataclass
class Descent:
    """Where one fit is.

    Attributes
    ----------
    trial : ndarray of float64
        Weights at which loss and gradient are to be computed next.
    inner : callable
        The inner product of two vectors.
    gradient_norms : list of float
        Length of the gradient at each point that was accepted.
    """

    trial: Array
    inner: Callable[[Array, Array], float] = _dot
    gradient_norms: list[float] = field(default_factory=list)
    _point: Array | None = None
    _loss: float = np.inf
    _gradient: Array | None = None
    _direction: Array | None = None
    _slope: float = 0.0
    _length: float = 1.0
    _pairs: deque[_Pair] = field(default_factory=lambda: deque(maxlen=_MEMORY))

    @property
    def point(self) -> Array:
        """The last point that was accepted; the first trial before there is one."""
        return self.trial if self._point is None else self._point

    @property
    def gradient(self) -> Array:
        """The gradient at the last point that was accepted."""
        if self._gradient is None:
            raise LogisticError("no point has been accepted yet")
        return self._gradient

    def accept(self, loss: float, gradient: Array) -> bool:
        """Take the trial for the new point if the loss has decreased; else halve the step.

        Returns
        -------
        bool
            Whether it was accepted: then `second_loop` must be called.

        Raises
        ------
        ArithmeticError
            If no step, however short, decreases the loss: rounding errors are larger than what is left.
        """
        if self._point is not None and self._direction is not None:
            slope = self.inner(gradient, self._direction)
            if not self._is_lower(loss, slope):
                self._length /= 2
                if self._length < _SHORTEST_STEP:
                    raise ArithmeticError("no step decreases the loss")
                self.trial = self._point + self._length * self._direction
                return False
            self._remember(self._length * self._direction, gradient - self.gradient)
        self._point, self._loss, self._gradient = self.trial, loss, gradient
        self.gradient_norms.append(float(np.sqrt(max(self.inner(gradient, gradient), 0.0))))
        return True

    def first_loop(self) -> tuple[Array, list[float]]:
        """Return the first half of the two-loop recursion: what the metric is to be solved for."""
        result, factors = self.gradient.copy(), []
        for pair in reversed(self._pairs):
            factors.append(self.inner(pair.step, result) / pair.curvature)
            result -= factors[-1] * pair.change
        return result, factors

    def second_loop(self, solved: Array, factors: list[float]) -> None:
        """Finish the recursion with the metric's solution, and propose the next trial."""
        for pair, factor in zip(self._pairs, reversed(factors), strict=True):
            back = self.inner(pair.change, solved) / pair.curvature
            solved = solved + (factor - back) * pair.step
        self._direction, self._length = -solved, 1.0
        self._slope = self.inner(self.gradient, self._direction)
        self.trial = self.point + self._direction

    def restart(self) -> None:
        """Forget loss and gradient, which are then computed anew at the last point."""
        self.trial = self.point
        self._point = self._gradient = self._direction = None
        self._pairs.clear()

    def _is_lower(self, loss: float, slope: float) -> bool:
        if loss <= self._loss + _SUFFICIENT * self._length * self._slope:
            return True
        return loss <= self._loss + _ROUNDING * abs(self._loss) and abs(slope) <= 0.9 * abs(self._slope)

    def _remember(self, step: Array, change: Array) -> None:
        curvature = self.inner(step, change)
        if curvature > 1e-12 * float(np.sqrt(self.inner(step, step) * self.inner(change, change))):
            self._pairs.append(_Pair(step, change, curvature))
