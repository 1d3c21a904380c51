"""One repeat with each patient's images weighted, for many weightings at once.

Images keep their predictions; a resample only says how often each patient, with all its images, counts. So
whatever is a sum over images is first summed within patients, and a resample is one row of a matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from covid_xray.evaluation.metrics.formulas import nan_safe_ratio
from covid_xray.evaluation.metrics.per_image import PerImage, confusion_cells
from covid_xray.evaluation.metrics.ranking import Ranking
from covid_xray.evaluation.metrics.repeat import Array, Repeat


class PatientSums:
    """What a repeat's images add, summed within each of P patients: computed once for all resamples."""

    def __init__(self, repeat: Repeat, n_patients: int) -> None:
        self.repeat = repeat
        self.n_patients = n_patients
        self._sums: dict[PerImage, Array] = {}

    def of(self, per_image: PerImage) -> Array:
        """Return the sums of the columns of `per_image(repeat)`, of shape (n, c), as shape (P, c)."""
        if per_image not in self._sums:
            values = self.repeat.once(per_image)
            sums = [np.bincount(self.repeat.patient, column, self.n_patients) for column in values.T]
            self._sums[per_image] = np.stack(sums, axis=1)
        return self._sums[per_image]

    @cached_property
    def rankings(self) -> tuple[Ranking, ...]:
        """The images ranked by the probability of each class."""
        repeat = self.repeat
        columns = zip(repeat.probability.T, repeat.actual.T, strict=True)
        return tuple(Ranking.of(score, actual, repeat.patient) for score, actual in columns)


@dataclass(frozen=True)
class WeightedView:
    """What metrics of r resamples are computed from, each part when a metric first asks for it.

    Attributes
    ----------
    patients : PatientSums
    weights : ndarray of float64, shape (r, P)
        How often each resample drew each patient.
    """

    patients: PatientSums
    weights: Array

    def sums(self, per_image: PerImage) -> Array:
        """Return the weighted sums of the columns of `per_image(repeat)`, shape (r, c)."""
        sums: Array = self.weights @ self.patients.of(per_image)
        return sums

    def means(self, per_image: PerImage) -> Array:
        """Return the same sums divided by the resample's images, shape (r, c)."""
        return nan_safe_ratio(self.sums(per_image), self.total[:, None])

    @property
    def n_classes(self) -> int:
        """The number of classes, k."""
        return len(self.patients.repeat.classes)

    @cached_property
    def confusion(self) -> Array:
        """Weights by label and prediction, shape (r, k, k)."""
        return self.sums(confusion_cells).reshape(-1, self.n_classes, self.n_classes)

    @cached_property
    def total(self) -> Array:
        """Weight of all images, shape (r,)."""
        total: Array = self.confusion.sum(axis=(1, 2))
        return total

    @cached_property
    def actual(self) -> Array:
        """Weight of the images of each class, shape (r, k)."""
        actual: Array = self.confusion.sum(axis=2)
        return actual

    @cached_property
    def others(self) -> Array:
        """Weight of the images of all other classes, shape (r, k)."""
        others: Array = self.total[:, None] - self.actual
        return others

    @cached_property
    def predicted(self) -> Array:
        """Weight of the images predicted as each class, shape (r, k)."""
        predicted: Array = self.confusion.sum(axis=1)
        return predicted

    @cached_property
    def hits(self) -> Array:
        """Weight of each class's images predicted as it, shape (r, k)."""
        return np.diagonal(self.confusion, axis1=1, axis2=2)

    @cached_property
    def recall(self) -> Array:
        """Recall of each class, shape (r, k)."""
        return nan_safe_ratio(self.hits, self.actual)

    @cached_property
    def f1(self) -> Array:
        """F1 of each class, shape (r, k)."""
        return nan_safe_ratio(2 * self.hits, self.actual + self.predicted)

    @cached_property
    def areas(self) -> tuple[Array, Array]:
        """AUROC and average precision of each class, both of shape (r, k)."""
        of_classes = [ranking.areas(self.weights) for ranking in self.patients.rankings]
        aurocs, precisions = zip(*of_classes, strict=True)
        return np.array(aurocs).T, np.array(precisions).T
