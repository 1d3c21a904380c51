"""Contributions of each image to metrics that are sums over images."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from covid_xray.evaluation.metrics.repeat import Array, Mask, Repeat

# A row an image.
PerImage = Callable[[Repeat], Array | Mask]

BINS = 15
SPECIFICITY = 0.95


def confusion_cells(repeat: Repeat) -> Mask:
    """Tell in which cell of the confusion matrix each image counts, shape (n, k * k), labels outermost."""
    k = len(repeat.classes)
    cells: Mask = (repeat.label * k + repeat.prediction)[:, None] == np.arange(k * k)
    return cells


def log_losses(repeat: Repeat) -> Array:
    """Return each image's log-loss, clipped as scikit-learn's `log_loss` does, shape (n, 1)."""
    eps = np.finfo(np.float64).eps
    own = repeat.probability[np.arange(len(repeat.label)), repeat.label]
    losses: Array = -np.log(np.clip(own, eps, 1 - eps))
    return losses[:, None]


def squared_errors(repeat: Repeat) -> Array:
    """Return the squared error of each class's probability, shape (n, k)."""
    errors: Array = (repeat.probability - repeat.actual) ** 2
    return errors


def calibration_gaps(repeat: Repeat) -> Array:
    """Return right (1) or wrong (0) minus confidence, in the column of the confidence's bin, shape (n, 15).

    Of the most probable class, in equal bins (0, 1/15], ..., (14/15, 1]. The expected calibration error is
    the sum over bins of the absolute mean (Guo et al. 2017, "On Calibration of Modern Neural Networks").
    """
    top = repeat.probability.argmax(axis=1)
    confidence = repeat.probability.max(axis=1)
    edges = np.linspace(0, 1, BINS + 1)
    of_image = np.digitize(confidence, edges[1:-1], right=True)
    gaps = np.zeros((len(top), BINS))
    gaps[np.arange(len(top)), of_image] = (top == repeat.label) - confidence
    return gaps


def threshold_decisions(repeat: Repeat) -> Mask | None:
    """Decide on each class at 95 % specificity, with thresholds that the judged images had no part in.

    An image is decided to be of a class where its probability is above the threshold of the folds that do
    not hold it out: the smallest at which at least 95 % of their images of other classes are not.

    Returns
    -------
    ndarray of bool, shape (n, k), or None
        None where there is no other fold, or none with images of the other classes.
    """
    decisions = np.zeros(repeat.probability.shape, dtype=np.bool_)
    for fold in np.unique(repeat.fold):
        own = repeat.fold == fold
        for place in range(len(repeat.classes)):
            score = repeat.probability[:, place]
            elsewhere = score[~own & (repeat.label != place)]
            if not len(elsewhere):
                return None
            decisions[own, place] = score[own] > threshold(elsewhere)
    return decisions


def threshold(negatives: Array) -> float:
    """Return the smallest score that at least 95 % of these do not exceed."""
    return float(np.quantile(negatives, SPECIFICITY, method="inverted_cdf"))


def threshold_true_positives(repeat: Repeat) -> Array | Mask:
    """Tell which images of each class are decided to be of it, shape (n, k); NaN without thresholds."""
    return _decided_rightly(repeat, actual=True)


def threshold_true_negatives(repeat: Repeat) -> Array | Mask:
    """Tell which images of the other classes are decided not to be of it, shape (n, k)."""
    return _decided_rightly(repeat, actual=False)


def _decided_rightly(repeat: Repeat, *, actual: bool) -> Array | Mask:
    decisions = repeat.once(threshold_decisions)
    if decisions is None:
        return np.full(repeat.probability.shape, np.nan)
    found: Mask = (repeat.actual == actual) & (decisions == actual)
    return found
