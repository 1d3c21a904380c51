"""A fixed random projection of wide features to few: a count sketch with buckets of equal size.

Each of the k new features is the sum of a bucket of the d old ones, each with a random sign (Charikar, Chen
and Farach-Colton 2002, "Finding frequent items in data streams"; as feature hashing, Weinberger et al. 2009,
arXiv:0902.2206). In expectation over the buckets and signs, inner products and distances stay as they are.
The error of an inner product has a standard deviation of at most sqrt(2 / k) times the product of both norms.

The buckets are drawn without data, so that no image can leak from one side of a split to the other. They need
8 bytes for each old feature, where a dense matrix of 204,800 x 2,048 numbers would have 1.7 GB.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

# Part of the key of stored features: increment it when `project` returns other values.
# tests/unit/sparkdl/test_projection.py has some of the values of this version.
VERSION = 1
_SEED = 2002
# A worker has one network, a driver that explains several one after another.
_KEPT = 8


def projected_length(length: int, dimensionality: int | None) -> int:
    """Return how many features are left of `length`; None, or as many or more, leaves them as they are."""
    return length if dimensionality is None else min(length, dimensionality)


def project(features: npt.NDArray[np.float32], dimensionality: int | None) -> npt.NDArray[np.float32]:
    """Return features of shape (n, k) for features of shape (n, d), both float32.

    Parameters
    ----------
    features : ndarray of float32, shape (n, d)
    dimensionality : int or None
        k, at least 1. None, or d or more, returns the features as they are.
    """
    count, length = features.shape
    k = projected_length(length, dimensionality)
    if k == length:
        return features
    order, signs = _drawn(length)
    # Column j of row i of these layers belongs to bucket j; the last layer may end before the last bucket.
    layers = np.zeros((count, -(-length // k) * k), np.float32)
    np.multiply(np.take(features, order, axis=1), signs, out=layers[:, :length])
    sums: npt.NDArray[np.float32] = layers.reshape(count, -1, k).sum(axis=1)
    return sums


def expand(coefficients: npt.NDArray[Any], length: int) -> npt.NDArray[Any]:
    """Return coefficients of `length` features that give the same as coefficients of projected ones.

    That is the transposed projection: `features @ expand(w, d).T` is `project(features, k) @ w.T`, up to
    rounding.

    Parameters
    ----------
    coefficients : ndarray, shape (m, k)
    length : int
        d, at least k; if it is k, nothing was projected, and they are returned as they are.

    Returns
    -------
    ndarray, shape (m, d)
        Of the type of `coefficients`.
    """
    count, k = coefficients.shape
    if k == length:
        return coefficients
    order, signs = _drawn(length)
    expanded = np.empty((count, length), coefficients.dtype)
    expanded[:, order] = np.tile(coefficients, -(-length // k))[:, :length] * signs
    return expanded


@lru_cache(maxsize=_KEPT)
def _drawn(length: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Return a random order of the features and a random sign of each in that order, both of shape (d,).

    NumPy guarantees that `RandomState` returns the same numbers in every version (NEP 19, "Random number
    generator policy"), and makes no such promise for `default_rng`.
    """
    random = np.random.RandomState(_SEED)
    order = random.permutation(length).astype(np.int32)
    signs = np.where(random.random_sample(length) < 0.5, -1, 1).astype(np.float32)
    # They are shared by all callers.
    order.flags.writeable = signs.flags.writeable = False
    return order, signs
