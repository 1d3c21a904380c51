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
    """A step and the change of the gradient along it, each also as what multiplies other vectors."""

    step: Array
    change: Array
    step_paired: Array
    change_paired: Array
    curvature: float


def _same(vector: Array) -> Array:
    return vector


@dataclass
class Descent:
    """Where one fit is.

    Attributes
    ----------
    trial : ndarray of float64
        Weights at which loss and gradient are to be computed next.
    paired : callable
        Maps a vector v to what u is multiplied with, component by component, for the inner product <u, v>: v
        itself if vectors are coordinates.
    gradient_norms : list of float
        Length of the gradient at each point that was accepted.
    """

    trial: Array
    paired: Callable[[Array], Array] = _same
    gradient_norms: list[float] = field(default_factory=list)
    _point: Array | None = None
    _loss: float = np.inf
    _gradient: Array | None = None
    _gradient_paired: Array | None = None
    _direction: Array | None = None
    _direction_paired: Array | None = None
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
        gradient_paired = self.paired(gradient)
        if self._point is not None and self._direction is not None and self._direction_paired is not None:
            slope = float(np.vdot(gradient, self._direction_paired))
            if not self._is_lower(loss, slope):
                self._length /= 2
                if self._length < _SHORTEST_STEP:
                    raise ArithmeticError("no step decreases the loss")
                self.trial = self._point + self._length * self._direction
                return False
            self._remember(self._direction, self._direction_paired, gradient, gradient_paired)
        self._point, self._loss = self.trial, loss
        self._gradient, self._gradient_paired = gradient, gradient_paired
        self.gradient_norms.append(float(np.sqrt(max(float(np.vdot(gradient, gradient_paired)), 0.0))))
        return True

    def first_loop(self) -> tuple[Array, list[float]]:
        """Return the first half of the two-loop recursion: what the metric is to be solved for."""
        result, factors = self.gradient.copy(), []
        for pair in reversed(self._pairs):
            factors.append(float(np.vdot(pair.step_paired, result)) / pair.curvature)
            result -= factors[-1] * pair.change
        return result, factors

    def second_loop(self, solved: Array, factors: list[float]) -> None:
        """Finish the recursion with the metric's solution, and propose the next trial."""
        for pair, factor in zip(self._pairs, reversed(factors), strict=True):
            back = float(np.vdot(pair.change_paired, solved)) / pair.curvature
            solved = solved + (factor - back) * pair.step
        self._direction, self._length = -solved, 1.0
        self._direction_paired = self.paired(self._direction)
        self._slope = float(np.vdot(self.gradient, self._direction_paired))
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

    def _remember(
        self, direction: Array, direction_paired: Array, gradient: Array, gradient_paired: Array
    ) -> None:
        step, change = self._length * direction, gradient - self.gradient
        step_paired, change_paired = step, change
        if self._gradient_paired is not self._gradient and self._gradient_paired is not None:
            step_paired = self._length * direction_paired
            change_paired = gradient_paired - self._gradient_paired
        curvature = float(np.vdot(step, change_paired))
        lengths = float(np.vdot(step, step_paired)), float(np.vdot(change, change_paired))
        if curvature > 1e-12 * np.sqrt(lengths[0] * lengths[1]):
            self._pairs.append(_Pair(step, change, step_paired, change_paired, curvature))
