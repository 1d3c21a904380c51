"""The metric that several fits share: second derivatives at a point near all of them, the larger ones."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from logistic.errors import LogisticError
from logistic.rows import Array

# Weights whose second derivatives by each other are kept: with the 7,168 columns of five networks, all would
# be half a gigabyte for each contrast.
MOST_TOGETHER = 3072


class Metric:
    """Matrices for parts of the weights, inverted one contrast at a time.

    Parameters
    ----------
    parts : sequence of slice
        Of the weights.
    matrices : sequence of ndarray, each of shape (k - 1, w, w)
        Of each part of w weights.
    penalty : ndarray, shape (d + 1,)
        Added to the diagonals.
    """

    def __init__(self, parts: Sequence[slice], matrices: Sequence[Array], penalty: Array) -> None:
        self._parts = parts
        self._factors = [
            [factor(matrix + np.diag(penalty[part])) for matrix in one]
            for part, one in zip(parts, matrices, strict=True)
        ]

    def solve(self, vectors: Array) -> Array:
        """Return what the matrices turn into some vectors, shape (d + 1, k - 1, vectors)."""
        solved = np.empty_like(vectors)
        for part, factors in zip(self._parts, self._factors, strict=True):
            for contrast, factored in enumerate(factors):
                solved[part, contrast] = cho_solve(factored, vectors[part, contrast])
        return solved


def factor(matrix: Array) -> tuple[Array, bool]:
    """Return a Cholesky factor, for `cho_solve`; the matrix is overwritten.

    Raises
    ------
    LogisticError
        If the matrix is not finite, or not positive definite.
    """
    try:
        found, lower = cho_factor(matrix, lower=True, overwrite_a=True)
    except (LinAlgError, ValueError):
        raise LogisticError(
            "the second derivatives are not positive: increase the penalty, or remove features that are not "
            "finite"
        ) from None
    return found, lower


def parts_of(weights: int) -> list[slice]:
    """Cut into the fewest parts of at most `MOST_TOGETHER`, of equal length (within one)."""
    count = -(-weights // MOST_TOGETHER)
    bounds = [weights * part // count for part in range(count + 1)]
    return [slice(low, high) for low, high in pairwise(bounds)]
