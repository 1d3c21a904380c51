"""Areas under the ROC and the precision-recall curve for many weightings of the same images at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from covid_xray.evaluation.metrics.formulas import nan_safe_ratio
from covid_xray.evaluation.metrics.repeat import Array, Codes, Mask


@dataclass(frozen=True)
class Ranking:
    """Images by falling score of one class. Only scores of the class's own images, t of them, are looked at.

    Attributes
    ----------
    patient : ndarray of int64, shape (n,)
    own : ndarray of int64, shape (m,)
        Places of the class's images in the ranking.
    last : ndarray of int64, shape (t,)
        Place among `own` of the last image with each score.
    start, end : ndarray of int64, shape (t,)
        How many images have a higher score, and how many at least that score.
    """

    patient: Codes
    own: Codes
    last: Codes
    start: Codes
    end: Codes

    @classmethod
    def of(cls, score: Array, positive: Mask, patient: Codes) -> Ranking:
        """Rank images, given in any order."""
        order = np.argsort(-score, kind="stable")
        falling = -score[order]
        own = np.flatnonzero(positive[order])
        last = np.flatnonzero(np.diff(falling[own], append=np.inf))
        distinct = falling[own][last]
        start, end = np.searchsorted(falling, distinct), np.searchsorted(falling, distinct, side="right")
        return cls(patient[order], own, last, start, end)

    def areas(self, weights: Array) -> tuple[Array, Array]:
        """Return AUROC and average precision, each of shape (r,).

        They are scikit-learn's `roc_auc_score` (tied scores count half) and `average_precision_score` with
        each image weighted by how often its patient was drawn. AUROC is NaN where one side was not drawn,
        average precision where the class was not.

        Parameters
        ----------
        weights : ndarray of float64, shape (r, P)
            How often each resample drew each patient.
        """
        # Sums of integers: exact as in float64, at a fraction of the time.
        drawn = weights.astype(np.int64).take(self.patient, axis=1)
        above = np.zeros((len(drawn), drawn.shape[1] + 1), np.int64)
        np.cumsum(drawn, axis=1, out=above[:, 1:])
        found = drawn.take(self.own, axis=1).cumsum(axis=1)[:, self.last]
        at_least, higher = above[:, self.end], above[:, self.start]
        step = np.diff(found, prepend=0, axis=1)
        # Where nothing was drawn down to a score, nothing of the class was: its step is 0.
        precisions = found / np.maximum(at_least, 1)
        # The others' weight above each score, of those with that very score a half.
        wrong = (at_least + higher + step) / 2 - found
        positives = step.sum(axis=1)
        pairs = positives * (above[:, -1] - positives)
        auroc = nan_safe_ratio(pairs - (step * wrong).sum(axis=1), pairs)
        return auroc, nan_safe_ratio((step * precisions).sum(axis=1), positives)
