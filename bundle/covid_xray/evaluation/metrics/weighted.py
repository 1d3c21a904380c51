"""The same figures of one repeat with each patient's images weighted, for many weightings at once.

Images keep their predictions; a resample only says how often each patient, with all its images, counts. So
whatever is a sum over images is first summed within patients, and a resample is one row of a matrix product.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from covid_xray.evaluation.metrics.calibration import calibration_gaps, log_losses
from covid_xray.evaluation.metrics.defined import mean_defined, ratio
from covid_xray.evaluation.metrics.prevalence import predictive_values
from covid_xray.evaluation.metrics.ranking import Ranking
from covid_xray.evaluation.metrics.repeat import Array, Key, Mask, Repeat
from covid_xray.evaluation.metrics.thresholds import calls


@dataclass(frozen=True)
class WeightedFigures:
    """One repeat's images, summed within patients (P) or sorted, for k classes.

    Attributes
    ----------
    confusion : ndarray of float64, shape (P, k * k)
        Counts of label and prediction.
    log_loss : ndarray of float64, shape (P, 1)
    squared : ndarray of float64, shape (P, k)
        Squared errors of each class's probability.
    gaps : ndarray of float64, shape (P, 15)
    found, passed : ndarray of float64, shape (P, k), or None
        Images of the class that are called it at 95 % specificity, and of the others that are not.
    rankings : tuple of Ranking
    """

    classes: tuple[str, ...]
    confusion: Array
    log_loss: Array
    squared: Array
    gaps: Array
    found: Array | None
    passed: Array | None
    rankings: tuple[Ranking, ...]

    @classmethod
    def of(cls, repeat: Repeat, n_patients: int) -> WeightedFigures:
        """Prepare a repeat once for all resamples."""

        def by_patient(values: Array | Mask) -> Array:
            sums = np.zeros((n_patients, values.shape[1]))
            np.add.at(sums, repeat.patient, values)
            return sums

        k, actual, called = len(repeat.classes), repeat.actual, calls(repeat)
        cells = repeat.label * k + repeat.prediction
        return cls(
            classes=repeat.classes,
            confusion=by_patient(cells[:, None] == np.arange(k * k)),
            log_loss=by_patient(log_losses(repeat)[:, None]),
            squared=by_patient((repeat.probability - actual) ** 2),
            gaps=by_patient(calibration_gaps(repeat)),
            found=None if called is None else by_patient(called & actual),
            passed=None if called is None else by_patient(~called & ~actual),
            rankings=tuple(
                Ranking.of(repeat.probability[:, place], actual[:, place], repeat.patient)
                for place in range(k)
            ),
        )

    def values(self, counts: Array) -> Iterator[tuple[Key, Array]]:
        """Yield every figure with each image weighted by its patient's count, each of shape (r,).

        Parameters
        ----------
        counts : ndarray of float64, shape (r, P)
        """
        k = len(self.classes)
        confusion = (counts @ self.confusion).reshape(-1, k, k)
        yield from self._decided(confusion)
        yield from self._probable(counts, confusion.sum(axis=(1, 2)))
        yield from self._called(counts, confusion.sum(axis=2))

    def _decided(self, confusion: Array) -> Iterator[tuple[Key, Array]]:
        total = confusion.sum(axis=(1, 2))
        actual, said = confusion.sum(axis=2), confusion.sum(axis=1)
        hits = np.diagonal(confusion, axis1=1, axis2=2)
        recall, f1 = ratio(hits, actual), ratio(2 * hits, actual + said)
        others = total[:, None] - actual
        specificity, precision = ratio(others - said + hits, others), ratio(hits, said)
        yield ("accuracy", None), ratio(hits.sum(axis=1), total)
        yield ("balanced_accuracy", None), mean_defined(recall, axis=1)
        yield ("macro_f1", None), mean_defined(f1, axis=1)
        yield ("mcc", None), _matthews(total, actual, said, hits.sum(axis=1))
        for place, name in enumerate(self.classes):
            yield ("recall", name), recall[:, place]
            yield ("specificity", name), specificity[:, place]
            yield ("precision", name), precision[:, place]
            yield ("f1", name), f1[:, place]
            for metric, values in predictive_values(recall[:, place], specificity[:, place]):
                yield (metric, name), values

    def _probable(self, counts: Array, total: Array) -> Iterator[tuple[Key, Array]]:
        yield ("log_loss", None), ratio((counts @ self.log_loss)[:, 0], total)
        yield ("ece", None), ratio(np.abs(counts @ self.gaps).sum(axis=1), total)
        briers = ratio(counts @ self.squared, total[:, None])
        yield ("brier", None), briers[:, 0] if len(self.classes) == 2 else briers.sum(axis=1)
        aurocs = []
        for place, name in enumerate(self.classes):
            auroc, auprc = self.rankings[place].areas(counts)
            aurocs.append(auroc)
            yield ("brier", name), briers[:, place]
            yield ("auroc", name), auroc
            yield ("auprc", name), auprc
        yield ("macro_auroc", None), mean_defined(aurocs)

    def _called(self, counts: Array, actual: Array) -> Iterator[tuple[Key, Array]]:
        undefined = np.full(actual.shape, np.nan)
        others = actual.sum(axis=1, keepdims=True) - actual
        found = undefined if self.found is None else ratio(counts @ self.found, actual)
        passed = undefined if self.passed is None else ratio(counts @ self.passed, others)
        for place, name in enumerate(self.classes):
            yield ("sensitivity_at_95_specificity", name), found[:, place]
            yield ("specificity_achieved", name), passed[:, place]


def _matthews(total: Array, actual: Array, said: Array, right: Array) -> Array:
    """Return Gorodkin's R_K; as scikit-learn has it, 0 where all labels or all predictions are one class."""
    both = right * total - (actual * said).sum(axis=1)
    spread = (total**2 - (actual**2).sum(axis=1)) * (total**2 - (said**2).sum(axis=1))
    return np.where(total > 0, np.nan_to_num(ratio(both, np.sqrt(spread))), np.nan)
