"""Exact class-activation maps: the contribution of each cell of the last feature map to each class's logit.

The logit of a logistic regression on flat features is a sum over cells, so a cell's contribution is exact:
(coefficients of the class - mean over the classes) x (features - mean over the training images), summed over
the cell's channels. This is Zhou et al. 2016, "Learning Deep Features for Discriminative Localization"
(arXiv:1512.04150), with separate coefficients for each cell. The sum of a map over all cells is the class's
centred logit minus that of the mean training image.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from logistic.feature_rows import FeatureRows
from logistic.row_space import RowSpaceFit, coefficients

from covid_xray.evaluation.cross_validation import Fold

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


def flat_maps(features: FeatureRows, folds: Sequence[Fold], channels: int) -> list[Maps]:
    """Return the maps of the held-out images of each fold.

    Parameters
    ----------
    features : FeatureRows
        Of all images, shape (n, cells * channels), with the channels of a cell contiguous.
    folds : sequence of Fold
        Their rows are those of `features`.
    channels : int

    Returns
    -------
    list of ndarray of float32, each of shape (held-out images, classes, cells)

    Notes
    -----
    Features are read once, some cells at a time. Memory besides them is 8 bytes for each image, cell and
    class of a fold: 22 MB for 1,124 images of Xception, two tasks and five folds.
    """
    rows, columns = features.shape
    weights = [_dual_weights(fold.fit, rows) for fold in folds]
    contributions = _contributions(features, np.concatenate(weights), channels)
    ends = np.cumsum([len(fold_weights) for fold_weights in weights])
    by_fold = np.split(contributions.reshape(rows, -1, columns // channels), ends[:-1], axis=1)
    return [
        (part[fold.rows] - part[fold.fit.rows].mean(axis=0)).astype(np.float32)
        for fold, part in zip(folds, by_fold, strict=True)
    ]


def pooled_maps(fit: RowSpaceFit, inner: Array, pooled: FeatureRows, cells: npt.NDArray[np.float32]) -> Maps:
    """Return the maps of a model whose features are means over the cells.

    Of the mean training image only the mean over all cells is known, so each cell gets an equal share of it.

    Parameters
    ----------
    inner : ndarray of float64, shape (n, n)
        Gram matrix of `pooled`.
    pooled : FeatureRows
        The features that the model was fitted on, shape (n, channels).
    cells : ndarray of float32, shape (m, cells, channels)
        The unpooled features of some images.

    Returns
    -------
    ndarray of float32, shape (m, classes, cells)
    """
    weights, intercepts = coefficients(fit, inner, pooled)
    at_mean = per_class(fit.intercept - intercepts)
    contributions: Array = cells @ per_class(weights).T - at_mean
    return np.moveaxis(contributions / cells.shape[1], 2, 1).astype(np.float32)


def _dual_weights(fit: RowSpaceFit, rows: int) -> Array:
    """Return the dual weight of every row for each class; 0 for rows not used in training."""
    dual = per_class(fit.dual.T)
    weights = np.zeros((len(dual), rows))
    weights[:, fit.rows] = dual
    return weights


def _contributions(features: FeatureRows, weights: Array, channels: int) -> Array:
    """Return the product of cell coefficients and features, shape (n, len(weights), cells)."""
    rows, columns = features.shape
    contributions = np.empty((rows, len(weights), columns // channels))
    for columns_, block in features.blocks(multiple_of=channels):
        first = columns_.start // channels
        cell_weights = (weights @ block).reshape(len(weights), -1, channels)
        for cell in range(cell_weights.shape[1]):
            cell_features = block[:, cell * channels : (cell + 1) * channels]
            contributions[:, :, first + cell] = cell_features @ cell_weights[:, cell].T
    return contributions
