"""Calling a class at 95 % specificity, with thresholds that the judged images had no part in."""

from __future__ import annotations

import numpy as np

from covid_xray.evaluation.metrics.repeat import Array, Mask, Repeat

SPECIFICITY = 0.95


def calls(repeat: Repeat) -> Mask | None:
    """Tell which classes each image is called, at the thresholds of the folds that do not hold it out.

    An image is called a class where its probability is above the threshold: the smallest at which at least
    95 % of the other classes' images in the other folds are not called it.

    Returns
    -------
    ndarray of bool, shape (n, k), or None
        None where there is no other fold, or none with images of the other classes.
    """
    called = np.zeros(repeat.probability.shape, dtype=np.bool_)
    for fold in np.unique(repeat.fold):
        own = repeat.fold == fold
        for place in range(len(repeat.classes)):
            score = repeat.probability[:, place]
            elsewhere = score[~own & (repeat.label != place)]
            if not len(elsewhere):
                return None
            called[own, place] = score[own] > threshold(elsewhere)
    return called


def threshold(negatives: Array) -> float:
    """Return the smallest score that at least 95 % of these do not exceed."""
    return float(np.quantile(negatives, SPECIFICITY, method="inverted_cdf"))
