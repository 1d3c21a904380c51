"""Figures over held-out predictions: pure functions from labels to rows of `metrics`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binomtest
from sklearn.metrics import balanced_accuracy_score, f1_score

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Figure:
    """One figure, `class_` None where it is over all classes; a proportion has an interval."""

    metric: str
    class_: str | None
    value: float
    ci_low: float | None
    ci_high: float | None
    n: int


@dataclass(frozen=True)
class _Proportion:
    metric: str
    class_: str | None
    hits: int
    n: int


def figures(held_out: pd.DataFrame, classes: Sequence[str]) -> list[Figure]:
    """Compute the figures of one model.

    Parameters
    ----------
    held_out : pandas.DataFrame
        Columns `repeat`, `label`, `prediction`: one row per repeat and held-out image.
    classes : sequence of str

    Returns
    -------
    list of Figure
        `accuracy`, and per class `recall`, `specificity`, `precision`, with Wilson's 95 % interval
        (Wilson 1927, JASA 22); `balanced_accuracy`, `macro_f1` and per class `f1` without one. A figure is
        the mean over repeats. `n` counts the images of one repeat: the repeats hold the same images, so
        more of them make no interval narrower. A proportion of nothing (no image predicted as the class)
        is left out.
    """
    repeats = [part for _, part in held_out.groupby("repeat")]
    proportions = [list(_proportions(part, classes)) for part in repeats]
    averages = [list(_averages(part, classes)) for part in repeats]
    return [
        *(_with_interval(same) for same in zip(*proportions, strict=True) if all(p.n for p in same)),
        *(_mean(same) for same in zip(*averages, strict=True)),
    ]


def _proportions(part: pd.DataFrame, classes: Sequence[str]) -> Iterator[_Proportion]:
    label, prediction = part["label"].to_numpy(), part["prediction"].to_numpy()
    yield _Proportion("accuracy", None, int((label == prediction).sum()), len(part))
    for name in classes:
        is_it, said_it = label == name, prediction == name
        yield _share("recall", name, said_it, among=is_it)
        yield _share("specificity", name, ~said_it, among=~is_it)
        yield _share("precision", name, is_it, among=said_it)


def _share(metric: str, name: str, hits: npt.NDArray[np.bool_], among: npt.NDArray[np.bool_]) -> _Proportion:
    return _Proportion(metric, name, int((hits & among).sum()), int(among.sum()))


def _averages(part: pd.DataFrame, classes: Sequence[str]) -> Iterator[Figure]:
    label, prediction, n = part["label"], part["prediction"], len(part)
    per_class = f1_score(label, prediction, labels=list(classes), average=None, zero_division=0.0)
    yield Figure("balanced_accuracy", None, float(balanced_accuracy_score(label, prediction)), None, None, n)
    yield Figure("macro_f1", None, float(np.mean(per_class)), None, None, n)
    for name, value in zip(classes, per_class, strict=True):
        yield Figure("f1", name, float(value), None, None, n)


def _with_interval(repeats: Sequence[_Proportion]) -> Figure:
    first = repeats[0]
    value = float(np.mean([p.hits / p.n for p in repeats]))
    interval = binomtest(round(value * first.n), first.n).proportion_ci(CONFIDENCE, method="wilson")
    return Figure(first.metric, first.class_, value, float(interval.low), float(interval.high), first.n)


def _mean(repeats: Sequence[Figure]) -> Figure:
    first = repeats[0]
    value = float(np.mean([f.value for f in repeats]))
    return Figure(first.metric, first.class_, value, None, None, first.n)
