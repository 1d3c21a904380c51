"""Exact class-activation maps: how much each cell of a network's last map says for each class.

A logistic regression on flat features is a sum over cells, so a cell's part in a class's logit is no
estimate: (coefficients of the class - mean over the classes) x (features - mean over the training images),
summed over the cell's channels. This is Zhou et al. 2016, "Learning Deep Features for Discriminative
Localization" (arXiv:1512.04150), with coefficients of each cell's own. Over all cells a map sums to the
class's centred logit minus that of the mean training image.
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
    """Turn what a model has for each of its outputs (k, ...) into one for each class, with a mean of 0.

    A binomial model has one output w, for the second of two classes; as a model of both it is -w/2 and w/2.
    """
    if len(values) == 1:
        values = np.concatenate([-values, values]) / 2
    centred: Array = values - values.mean(axis=0)
    return centred


def flat_maps(features: FeatureRows, folds: Sequence[Fold], channels: int) -> list[Maps]:
    """Return the maps of the images that each fold holds out.

    Parameters
    ----------
    features : FeatureRows
        Of all images, shape (n, cells * channels): a cell's channels side by side.
    folds : sequence of Fold
        With the rows of `features`.
    channels : int

    Returns
    -------
    list of ndarray of float32, each of shape (held-out images, classes, cells)

    Notes
    -----
    Features are looked at once, some cells at a time; beside them there are 8 bytes for each image, cell and
    class of a fold: 22 MB for 1,124 images of Xception, two tasks and five folds.
    """
    rows, columns = features.shape
    weights = [_of_rows(fold.fit, rows) for fold in folds]
    parts = _parts(features, np.concatenate(weights), channels)
    ends = np.cumsum([len(of_fold) for of_fold in weights])
    of_folds = np.split(parts.reshape(rows, -1, columns // channels), ends[:-1], axis=1)
    return [
        (part[fold.rows] - part[fold.fit.rows].mean(axis=0)).astype(np.float32)
        for fold, part in zip(folds, of_folds, strict=True)
    ]


def pooled_maps(fit: RowSpaceFit, inner: Array, pooled: FeatureRows, cells: npt.NDArray[np.float32]) -> Maps:
    """Return the maps of a model whose features are means over the cells.

    The mean training image is known over all cells only: each cell bears an equal share of it.

    Parameters
    ----------
    inner : ndarray of float64, shape (n, n)
        Inner products of `pooled`.
    pooled : FeatureRows
        What the model was fitted on, shape (n, channels).
    cells : ndarray of float32, shape (m, cells, channels)
        The un-pooled features of some images.

    Returns
    -------
    ndarray of float32, shape (m, classes, cells)
    """
    found, intercepts = coefficients(fit, inner, pooled)
    at_mean = per_class(fit.intercept - intercepts)
    each: Array = cells @ per_class(found).T - at_mean
    return np.moveaxis(each / cells.shape[1], 2, 1).astype(np.float32)


def _of_rows(fit: RowSpaceFit, rows: int) -> Array:
    """Return the weight of every row, for each class; one that was not trained on weighs nothing."""
    dual = per_class(fit.dual.T)
    weights = np.zeros((len(dual), rows))
    weights[:, fit.rows] = dual
    return weights


def _parts(features: FeatureRows, weights: Array, channels: int) -> Array:
    """Return each cell's coefficients times each row's features, shape (n, len(weights), cells)."""
    rows, columns = features.shape
    parts = np.empty((rows, len(weights), columns // channels))
    for part, block in features.blocks(multiple_of=channels):
        first = part.start // channels
        of_cells = (weights @ block).reshape(len(weights), -1, channels)
        for cell in range(of_cells.shape[1]):
            own = block[:, cell * channels : (cell + 1) * channels]
            parts[:, :, first + cell] = own @ of_cells[:, cell].T
    return parts
