"""How far probabilities are from what they claim, image by image."""

from __future__ import annotations

import numpy as np

from covid_xray.evaluation.metrics.repeat import Array, Repeat

BINS = 15


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


def log_losses(repeat: Repeat) -> Array:
    """Return each image's log-loss, clipped as scikit-learn's `log_loss` does, shape (n,)."""
    eps = np.finfo(np.float64).eps
    own = repeat.probability[np.arange(len(repeat.label)), repeat.label]
    losses: Array = -np.log(np.clip(own, eps, 1 - eps))
    return losses
