"""The record of a metric; computation, report, model card and docs are generated from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy.typing as npt

from covid_xray.evaluation.metrics.repeat import Array, Repeat
from covid_xray.evaluation.metrics.support import ALL_IMAGES, Support
from covid_xray.evaluation.metrics.weighted_view import WeightedView

# A share is shown in per cent, a number as it is.
Unit = Literal["share", "number"]

# Tables that show metrics. Of the report: `headline`, a row a classifier, beside the accuracy and the recall
# of the positive class, which are always there; `per_class`, a row a class; `screening`, the positive class
# alone, as in a test for it. `card` is the model card.
Place = Literal["headline", "per_class", "screening", "card"]


@dataclass(frozen=True)
class FromImages:
    """A metric that is computed from the images themselves.

    Attributes
    ----------
    point : callable
        From one repeat to its value, scikit-learn's where scikit-learn has the metric: one number, or shape
        (k,) of a metric per class. NaN where it is undefined.
    weighted : callable
        The same value with each image weighted by its patient's weight, of r resamples at once: shape (r,),
        or (r, k) of a metric per class.
    """

    point: Callable[[Repeat], npt.ArrayLike]
    weighted: Callable[[WeightedView], Array]


@dataclass(frozen=True)
class FromMetrics:
    """A metric that is a function of others of the same class, and rises with each of them.

    Attributes
    ----------
    names : tuple of str
        Those metrics, which come earlier in `METRICS` and have an interval wherever they have a value.
    formula : callable
        From their values, floats or arrays of one shape, to the metric's. An end of its interval follows
        from theirs.
    """

    names: tuple[str, ...]
    formula: Callable[..., Any]


def zero_to_one(n_classes: int) -> tuple[float, float]:
    """Return the range of a share."""
    return 0.0, 1.0


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric.

    Attributes
    ----------
    name : str
        As stored in the table `metrics`.
    title : str
        As a reader calls it: the head of its column.
    meaning, source : str
        One sentence that says what it is, and the paper or function that defines it; Markdown.
    compute : FromImages or FromMetrics
    per_class : bool
        Of each class against the rest; otherwise over all classes.
    unit : {"share", "number"}
    bounds : callable
        From the number of classes to its lowest and highest value.
    support : Support
        The images that its n counts.
    smallest_of : tuple of Support
        A value at an end of its range rests on the patients of the support, or on those of the smallest of
        these where classes are set against each other; over all classes, of each class.
    shown_in : tuple of str
        Tables that show it; the table `metrics` holds it in any case.
    position : int
        Among those shown beside it, smaller first; those of equal position as in `METRICS`.
    """

    name: str
    title: str
    meaning: str
    source: str
    compute: FromImages | FromMetrics
    per_class: bool = False
    unit: Unit = "share"
    bounds: Callable[[int], tuple[float, float]] = zero_to_one
    support: Support = ALL_IMAGES
    smallest_of: tuple[Support, ...] = ()
    shown_in: tuple[Place, ...] = ()
    position: int = 0


def scikit_learn() -> Any:
    """Return `sklearn.metrics`, imported on first computation: showing metrics needs only the records."""
    from sklearn import metrics

    return metrics
