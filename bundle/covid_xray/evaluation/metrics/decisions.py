"""Metrics of the predicted classes, a record each (see `metric.Metric`)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from covid_xray.evaluation.metrics.formulas import (
    matthews_correlation,
    nan_safe_mean,
    nan_safe_ratio,
    negative_predictive_value,
    positive_predictive_value,
)
from covid_xray.evaluation.metrics.metric import FromImages, FromMetrics, Metric, scikit_learn
from covid_xray.evaluation.metrics.repeat import Array, Mask, Repeat
from covid_xray.evaluation.metrics.support import OF_CLASS, OF_CLASS_OR_PREDICTED, OF_OTHER_CLASSES, PREDICTED

# Of a class among those examined, in per cent.
PREVALENCES = (1, 5, 20)


def precision_recall_f1(repeat: Repeat) -> tuple[Array, Array, Array]:
    """Return precision, recall and F1 of each class, shape (k,); NaN where undefined."""
    places = list(range(len(repeat.classes)))
    precision, recall, f1, _ = scikit_learn().precision_recall_fscore_support(
        repeat.label, repeat.prediction, labels=places, zero_division=np.nan
    )
    return precision, recall, f1


def recalls(actual: Mask, decided: Mask) -> Array:
    """Return for each column the share of its actual images that are decided so, NaN where it has none.

    Parameters
    ----------
    actual, decided : ndarray of bool, shape (n, k)
    """
    score = scikit_learn().recall_score
    return np.array(
        [score(*column, zero_division=np.nan) for column in zip(actual.T, decided.T, strict=True)]
    )


def matthews(repeat: Repeat) -> float:
    """Return Matthews's correlation; 0, as scikit-learn has it, where it is undefined for lack of a class."""
    if len({*repeat.label.tolist(), *repeat.prediction.tolist()}) < 2:
        # Of which scikit-learn would warn.
        return 0.0
    return float(scikit_learn().matthews_corrcoef(repeat.label, repeat.prediction))


def _predictive_values(percent: int) -> tuple[Metric, Metric]:
    """Return the metrics of what a prediction is worth where the class is rarer than in a dataset."""

    def metric(title: str, meaning: str, formula: Callable[..., Array]) -> Metric:
        return Metric(
            name=f"{title.lower()}_at_{percent}_percent",
            title=f"{title} at {percent} %",
            meaning=f"{meaning} if {percent} % of the images are of the class.",
            source="Bayes' theorem",
            compute=FromMetrics(("recall", "specificity"), partial(formula, prevalence=percent / 100)),
            per_class=True,
            shown_in=("screening",),
            position=1,
        )

    positive = "Precision"
    negative = "Share of other classes among images not predicted as the class"
    return (
        metric("PPV", positive, positive_predictive_value),
        metric("NPV", negative, negative_predictive_value),
    )


DECISIONS = (
    Metric(
        name="accuracy",
        title="Accuracy",
        meaning="Share of images predicted as their class.",
        source="`accuracy_score`",
        compute=FromImages(
            point=lambda repeat: scikit_learn().accuracy_score(repeat.label, repeat.prediction),
            weighted=lambda view: nan_safe_ratio(view.hits.sum(axis=1), view.total),
        ),
        shown_in=("card",),
    ),
    Metric(
        name="balanced_accuracy",
        title="Balanced accuracy",
        meaning="Mean of the classes' recalls.",
        source="`balanced_accuracy_score`",
        compute=FromImages(
            point=lambda repeat: nan_safe_mean(repeat.once(precision_recall_f1)[1]),
            weighted=lambda view: nan_safe_mean(view.recall, axis=1),
        ),
        smallest_of=(OF_CLASS,),
        shown_in=("headline", "card"),
    ),
    Metric(
        name="macro_f1",
        title="Macro F1",
        meaning="Mean of the classes' F1.",
        source="`f1_score`",
        compute=FromImages(
            point=lambda repeat: nan_safe_mean(repeat.once(precision_recall_f1)[2]),
            weighted=lambda view: nan_safe_mean(view.f1, axis=1),
        ),
        smallest_of=(OF_CLASS,),
        shown_in=("headline", "card"),
    ),
    Metric(
        name="mcc",
        title="MCC",
        meaning="Matthews correlation of labels and predictions; for more than two classes, Gorodkin's R_K.",
        source="`matthews_corrcoef`",
        compute=FromImages(
            point=matthews,
            weighted=lambda view: matthews_correlation(
                view.total, view.actual, view.predicted, view.hits.sum(axis=1)
            ),
        ),
        unit="number",
        bounds=lambda _: (-1.0, 1.0),
        smallest_of=(OF_CLASS,),
        shown_in=("headline", "card"),
    ),
    Metric(
        name="recall",
        title="Recall",
        meaning="Share of the class's images predicted as it, also called sensitivity.",
        source="`recall_score`",
        compute=FromImages(
            point=lambda repeat: repeat.once(precision_recall_f1)[1], weighted=lambda view: view.recall
        ),
        per_class=True,
        support=OF_CLASS,
        shown_in=("per_class", "card"),
    ),
    Metric(
        name="specificity",
        title="Specificity",
        meaning="Share of other classes' images not predicted as the class.",
        source="`recall_score` of the other classes as one",
        compute=FromImages(
            point=lambda repeat: recalls(~repeat.actual, ~repeat.predicted),
            weighted=lambda view: nan_safe_ratio(view.others - view.predicted + view.hits, view.others),
        ),
        per_class=True,
        support=OF_OTHER_CLASSES,
        shown_in=("per_class", "card"),
    ),
    Metric(
        name="precision",
        title="Precision",
        meaning="Share of the images predicted as the class that are of it.",
        source="`precision_score`",
        compute=FromImages(
            point=lambda repeat: repeat.once(precision_recall_f1)[0],
            weighted=lambda view: nan_safe_ratio(view.hits, view.predicted),
        ),
        per_class=True,
        support=PREDICTED,
        shown_in=("per_class", "card"),
    ),
    Metric(
        name="f1",
        title="F1",
        meaning="Harmonic mean of precision and recall.",
        source="`f1_score`",
        compute=FromImages(
            point=lambda repeat: repeat.once(precision_recall_f1)[2], weighted=lambda view: view.f1
        ),
        per_class=True,
        support=OF_CLASS_OR_PREDICTED,
        shown_in=("per_class",),
    ),
    *(metric for percent in PREVALENCES for metric in _predictive_values(percent)),
)
