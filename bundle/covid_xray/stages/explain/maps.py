"""Exact class-activation maps: the contribution of each cell of the last feature map to each class's logit.

The logit of a logistic regression on flat features is a sum over cells, so a cell's contribution is exact:
(coefficients of the class - mean over the classes) x (features - mean over the training images), summed over
the cell's channels. This is Zhou et al. 2016, "Learning Deep Features for Discriminative Localization"
(arXiv:1512.04150), with separate coefficients for each cell. The sum of a map over all cells is the class's
centred logit minus that of the mean training image.

Averages and projections of flat features are linear too, so coefficients for them are coefficients for the
flat features. Of the mean training image only its logit is known then: each cell gets an equal share of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from logistic.classes import LinearModel
from logistic.rows import Block, Fit, Numbers
from sparkdl.projection import expand

Array = npt.NDArray[np.float64]
Maps = npt.NDArray[np.float32]


def per_class(values: Array) -> Array:
    """Convert the values of a model's outputs (k, ...) to values of its classes, with a mean of 0.

    A binomial model has one output w, for the second of two classes; the classes then have -w/2 and w/2.
    """
    if len(values) == 1:
        values = np.concatenate([-values, values]) / 2
    centred: Array = values - values.mean(axis=0)
    return centred


def flat_maps(
    fits: Sequence[Fit], models: Sequence[LinearModel], channels: int
) -> Callable[[Block], Sequence[Numbers]]:
    """Compute the maps of the images that each fit holds out, on flat features.

    Parameters
    ----------
    models : sequence of LinearModel
        Of each fit, for cells * channels features, with the channels of a cell contiguous.
    channels : int

    Returns
    -------
    callable
        Of a block, for each fit: the numbers of its held-out rows (h,), and their maps, float32, of shape
        (h, classes, cells).
    """
    weights = [_by_cell(per_class(model.coefficients), channels) for model in models]
    at_means = [
        np.einsum("cki,ci->kc", own, model.mean.reshape(-1, channels))
        for own, model in zip(weights, models, strict=True)
    ]

    def of_block(block: Block) -> Sequence[Numbers]:
        found: list[Numbers] = []
        for fit, own, at_mean in zip(fits, weights, at_means, strict=True):
            rows = np.flatnonzero(fit.held_out(block.labels))
            cells = block.features[rows].reshape(len(rows), len(own), channels)
            found += [block.numbers[rows], (_contributions(cells, own) - at_mean).astype(np.float32)]
        return found

    return of_block


def pooled_maps(model: LinearModel, cells: npt.NDArray[np.float32]) -> Maps:
    """Return the maps of a model whose features are means over the cells, which may have been projected.

    Parameters
    ----------
    cells : ndarray of float32, shape (m, cells, channels)
        The unpooled features of some images.

    Returns
    -------
    ndarray of float32, shape (m, classes, cells)
    """
    weights = per_class(model.coefficients)
    contributions: Array = cells @ expand(weights, cells.shape[2]).T - weights @ model.mean
    return np.moveaxis(contributions / cells.shape[1], 2, 1).astype(np.float32)


def projected_maps(model: LinearModel, cells: npt.NDArray[np.float32]) -> Maps:
    """Return the maps of a model whose features are projected flat features.

    Parameters
    ----------
    cells : ndarray of float32, shape (m, cells, channels)
        The features of some images before the projection.

    Returns
    -------
    ndarray of float32, shape (m, classes, cells)
    """
    _, count, channels = cells.shape
    weights = per_class(model.coefficients)
    share = (weights @ model.mean / count)[:, None]
    expanded = _by_cell(expand(weights, count * channels), channels)
    found: Array = _contributions(cells, expanded) - share
    return found.astype(np.float32)


def _contributions(cells: npt.NDArray[np.float32], weights: Array) -> Array:
    """Return what each cell adds to each class, shape (m, classes, cells).

    Parameters
    ----------
    cells : ndarray of float32, shape (m, cells, channels)
    weights : ndarray, shape (cells, classes, channels)
    """
    each = [cell @ of_cell.T for cell, of_cell in zip(cells.swapaxes(0, 1), weights, strict=True)]
    return np.stack(each, axis=2)


def _by_cell(weights: Array, channels: int) -> Array:
    """Return weights of classes, shape (classes, cells * channels), as (cells, classes, channels)."""
    return np.ascontiguousarray(weights.reshape(len(weights), -1, channels).swapaxes(0, 1))
