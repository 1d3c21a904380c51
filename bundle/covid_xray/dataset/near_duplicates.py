"""Find near-duplicates: copies of one picture that were resized, encoded again, brightened or cropped.

Every signature (`radiograph.signature`) is compared with 81 crops of every other one: by the correlation of
their pixels, and then of what is left of them without the coarse shapes that all chests share. How many
copies this finds, and how many pairs that are none, `sh wrapper.sh bench --only near_duplicates` measures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from radiograph import SIGNATURE_SIDE

# The column `found` of the table `near_duplicates`.
PAIR, NONE, TOO_ALIKE = "pair", "none", "too_alike"

# What may have been cut off at a side of a picture, as shares of its length.
_CUTS = (0.0, 0.04, 0.08)
# Crops are searched for among so many images at most: the time grows with the square, to minutes. Between two
# sets, it is the square of this number that the product of their sizes may reach.
MOST_CROPPED = 20_000
# Side of what is compared, in cells, and of the coarse shapes.
_SIDE, _COARSE = 20, 5
# Correlations of copies: of all pixels, and of the details.
_WHOLE, _DETAILS = 0.965, 0.93
# More candidates than this per picture mean that they are too alike. Where a set has fewer pictures than
# `_FEW`, some may have more.
_MOST_PARTNERS, _FEW = 10, 5
# Rows compared at once.
_ROWS = 2048
_WHOLE_BOX = (0.0, 0.0, 1.0, 1.0)

_Floats = npt.NDArray[np.float32]
# Left, top, right and bottom, as shares of a side.
_Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Pair:
    """Two near-duplicates, by their places in their lists, and the correlation of their details."""

    first: int
    second: int
    similarity: float


def signature_array(signatures: Iterable[bytes]) -> npt.NDArray[np.uint8]:
    """Return what `radiograph.signature` made of n pictures as an array of shape (n, 40, 40)."""
    return np.frombuffer(b"".join(signatures), np.uint8).reshape(-1, SIGNATURE_SIDE, SIGNATURE_SIDE)


def near_duplicates(signatures: npt.NDArray[np.uint8]) -> list[Pair] | None:
    """Return the pairs of near-duplicates among pictures, the most similar first.

    Parameters
    ----------
    signatures : ndarray of uint8, shape (n, 40, 40)

    Returns
    -------
    list of Pair or None
        None if the pictures are too alike to tell, as drawn ones may be.
    """
    if not len(signatures):
        return []
    values = signatures.astype(np.float32)
    whole = _whole(values)
    best: dict[tuple[int, int], _Fit] = {}
    for box in _boxes(len(values) ** 2):
        found = (fit for fit in _fits(whole, values, box) if fit.first != fit.second)
        _keep_best(best, (fit if fit.first < fit.second else fit.turned() for fit in found))
        if len(best) > _MOST_PARTNERS * len(values):
            return None
    return _checked(best, values, values)


def near_duplicates_between(one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]) -> list[Pair] | None:
    """Return the pairs of near-duplicates of which one is in either set, the most similar first.

    Those within a set are not looked for, so the time grows with the product of the two sizes.

    Parameters
    ----------
    one, other : ndarray of uint8, shapes (n, 40, 40) and (m, 40, 40)

    Returns
    -------
    list of Pair or None
        `first` is the place in `one`, `second` that in `other`. None if the pictures are too alike to tell.
    """
    if not len(one) or not len(other):
        return []
    firsts, seconds = one.astype(np.float32), other.astype(np.float32)
    first_whole, second_whole = _whole(firsts), _whole(seconds)
    best: dict[tuple[int, int], _Fit] = {}
    for box in _boxes(len(firsts) * len(seconds)):
        _keep_best(best, _fits(first_whole, seconds, box))
        _keep_best(best, (fit.turned() for fit in _fits(second_whole, firsts, box)))
        if len(best) > _MOST_PARTNERS * max(min(len(firsts), len(seconds)), _FEW):
            return None
    return _checked(best, firsts, seconds)


class _Fit(NamedTuple):
    """How well two pictures correlate, of which one is cropped."""

    correlation: float
    first: int
    second: int
    first_box: _Box
    second_box: _Box

    def turned(self) -> _Fit:
        return _Fit(self.correlation, self.second, self.first, self.second_box, self.first_box)


def _boxes(comparisons: int) -> list[_Box]:
    """Return the crops to look for among so many comparisons."""
    cuts = _CUTS if comparisons <= MOST_CROPPED**2 else (0.0,)
    return [(left, top, 1 - right, 1 - bottom) for left, top, right, bottom in product(cuts, repeat=4)]


def _whole(values: _Floats) -> _Floats:
    """Return pictures uncropped, as `_fits` takes them: once for all crops of the others."""
    return _standardised(_resampled(values, _WHOLE_BOX))


def _fits(whole: _Floats, cropped: _Floats, box: _Box) -> Iterator[_Fit]:
    """Yield the pictures that correlate with this crop of another one."""
    crops = _standardised(_resampled(cropped, box))
    for start in range(0, len(whole), _ROWS):
        correlations = whole[start : start + _ROWS] @ crops.T
        for row, second in zip(*np.nonzero(correlations >= _WHOLE), strict=True):
            yield _Fit(float(correlations[row, second]), int(start + row), int(second), _WHOLE_BOX, box)


def _keep_best(best: dict[tuple[int, int], _Fit], fits: Iterable[_Fit]) -> None:
    for fit in fits:
        pair = (fit.first, fit.second)
        best[pair] = max(best.get(pair, fit), fit)


def _checked(best: Mapping[tuple[int, int], _Fit], firsts: _Floats, seconds: _Floats) -> list[Pair]:
    """Return the candidates whose details agree too, the most similar first."""
    pairs = (Pair(*places, _similarity(firsts, seconds, fit)) for places, fit in best.items())
    return sorted((pair for pair in pairs if pair.similarity >= _DETAILS), key=_order)


def _order(pair: Pair) -> tuple[float, int, int]:
    return -pair.similarity, pair.first, pair.second


def _similarity(firsts: _Floats, seconds: _Floats, fit: _Fit) -> float:
    """Return the correlation of the details of two pictures, cropped as fits best."""
    one = _standardised(_details(_resampled(firsts[[fit.first]], fit.first_box)))
    other = _standardised(_details(_resampled(seconds[[fit.second]], fit.second_box)))
    return float((one @ other.T)[0, 0])


def _resampled(values: _Floats, box: _Box) -> _Floats:
    """Return parts of pictures, shape (n, 40, 40), averaged to (n, 20, 20)."""
    left, top, right, bottom = box
    return np.asarray(_averages(top, bottom) @ values @ _averages(left, right).T, np.float32)


def _averages(start: float, end: float) -> _Floats:
    """Return the matrix, shape (20, 40), that averages a part of a row, from 0 to 1, to 20 cells."""
    edges = np.linspace(start, end, _SIDE + 1)[:, None] * SIGNATURE_SIDE
    pixels = np.arange(SIGNATURE_SIDE)
    covered = np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels)
    covered = np.clip(covered, 0, None)
    return np.asarray(covered / covered.sum(axis=1, keepdims=True), np.float32)


def _details(values: _Floats) -> _Floats:
    """Take the means of 4 x 4 cells off pictures, shape (n, 20, 20)."""
    cells = _SIDE // _COARSE
    coarse: _Floats = values.reshape(-1, _COARSE, cells, _COARSE, cells).mean(axis=(2, 4))
    return np.asarray(values - coarse.repeat(cells, axis=1).repeat(cells, axis=2), np.float32)


def _standardised(values: _Floats) -> _Floats:
    """Return pictures as rows of mean 0 and length 1, so that products of two are their correlation."""
    rows = values.reshape(len(values), -1)
    rows = rows - rows.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    # A picture of one shade correlates with nothing.
    return np.asarray(rows / np.where(lengths > 0, lengths, 1), np.float32)
