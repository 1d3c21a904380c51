"""Metrics of the probabilities, a record each: how they rank, how well they are calibrated, thresholds."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

import numpy as np

from covid_xray.evaluation.metrics.decisions import recalls
from covid_xray.evaluation.metrics.formulas import nan_safe_mean, nan_safe_ratio
from covid_xray.evaluation.metrics.metric import FromImages, Metric, scikit_learn
from covid_xray.evaluation.metrics.per_image import (
    calibration_gaps,
    log_losses,
    squared_errors,
    threshold_decisions,
    threshold_true_negatives,
    threshold_true_positives,
)
from covid_xray.evaluation.metrics.repeat import Array, Codes, Repeat
from covid_xray.evaluation.metrics.support import OF_CLASS, OF_OTHER_CLASSES
from covid_xray.evaluation.metrics.weighted_view import WeightedView


def brier_scores(repeat: Repeat) -> Array:
    """Return the mean squared error of each class's probability, shape (k,)."""
    score = scikit_learn().brier_score_loss
    return np.array([score(actual, probability) for actual, probability in _columns(repeat)])


def aurocs(repeat: Repeat) -> Array:
    """Return the area under each class's ROC curve, shape (k,); NaN where one side has no images."""
    score = scikit_learn().roc_auc_score
    return np.array([score(a, p) if 0 < a.sum() < len(a) else np.nan for a, p in _columns(repeat)])


def average_precisions(repeat: Repeat) -> Array:
    """Return the average precision of each class, shape (k,); NaN where it has no images."""
    score = scikit_learn().average_precision_score
    return np.array([score(a, p) if a.any() else np.nan for a, p in _columns(repeat)])


def threshold_recalls(repeat: Repeat, *, of_class: bool) -> Array:
    """Return the recall of each class, or of all others as one, by `threshold_decisions`; shape (k,)."""
    decisions = repeat.once(threshold_decisions)
    if decisions is None:
        return np.full(len(repeat.classes), np.nan)
    return recalls(repeat.actual == of_class, decisions == of_class)


def _columns(repeat: Repeat) -> Iterator[tuple[Codes, Array]]:
    return zip(repeat.actual.T.astype(np.int64), repeat.probability.T, strict=True)


def _overall_brier_score(repeat: Repeat) -> float:
    scores = repeat.once(brier_scores)
    return float(scores[0] if len(scores) == 2 else sum(scores))


def _weighted_overall_brier_score(view: WeightedView) -> Array:
    scores = view.means(squared_errors)
    return scores[:, 0] if view.n_classes == 2 else scores.sum(axis=1)


PROBABILITIES = (
    Metric(
        name="log_loss",
        title="Log-loss",
        meaning="Mean negative logarithm of the probability of an image's own class.",
        source="`log_loss`",
        compute=FromImages(
            point=lambda repeat: scikit_learn().log_loss(
                repeat.label, repeat.probability, labels=range(len(repeat.classes))
            ),
            weighted=lambda view: view.means(log_losses)[:, 0],
        ),
        unit="number",
        bounds=lambda _: (0.0, inf),
        shown_in=("headline", "card"),
        position=2,
    ),
    Metric(
        name="ece",
        title="ECE",
        meaning="Expected calibration error: mean gap between confidence and accuracy in 15 equal bins.",
        source="Guo et al. 2017, ICML",
        compute=FromImages(
            point=lambda repeat: np.abs(repeat.once(calibration_gaps).mean(axis=0)).sum(),
            weighted=lambda view: nan_safe_ratio(np.abs(view.sums(calibration_gaps)).sum(axis=1), view.total),
        ),
        unit="number",
        shown_in=("headline", "card"),
        position=4,
    ),
    Metric(
        name="brier",
        title="Brier",
        meaning="Mean squared error of the class's probability.",
        source="`brier_score_loss`",
        compute=FromImages(
            point=lambda repeat: repeat.once(brier_scores), weighted=lambda view: view.means(squared_errors)
        ),
        per_class=True,
        unit="number",
    ),
    Metric(
        name="auroc",
        title="AUROC",
        meaning="How often an image of the class is ranked above one of another class; ties count half.",
        source="`roc_auc_score`",
        compute=FromImages(point=lambda repeat: repeat.once(aurocs), weighted=lambda view: view.areas[0]),
        per_class=True,
        unit="number",
        smallest_of=(OF_CLASS, OF_OTHER_CLASSES),
        shown_in=("per_class", "card"),
    ),
    Metric(
        name="auprc",
        title="AUPRC",
        meaning="Average precision: mean precision at the rank of each image of the class.",
        source="`average_precision_score`",
        compute=FromImages(point=average_precisions, weighted=lambda view: view.areas[1]),
        per_class=True,
        unit="number",
        smallest_of=(OF_CLASS, OF_OTHER_CLASSES),
        shown_in=("per_class",),
    ),
    Metric(
        name="brier",
        title="Brier",
        meaning="Mean squared error of the positive class's probability; summed over more than two classes.",
        source="Brier 1950, Monthly Weather Review 78; `brier_score_loss` of scikit-learn 1.7",
        compute=FromImages(point=_overall_brier_score, weighted=_weighted_overall_brier_score),
        unit="number",
        bounds=lambda n_classes: (0.0, 2.0 if n_classes > 2 else 1.0),
        shown_in=("headline", "card"),
        position=3,
    ),
    Metric(
        name="macro_auroc",
        title="Macro AUROC",
        meaning="Mean of the classes' AUROCs.",
        source="`roc_auc_score`, one class against the rest",
        compute=FromImages(
            point=lambda repeat: nan_safe_mean(repeat.once(aurocs)),
            weighted=lambda view: nan_safe_mean(view.areas[0], axis=1),
        ),
        unit="number",
        smallest_of=(OF_CLASS,),
        shown_in=("card",),
        position=1,
    ),
    Metric(
        name="sensitivity_at_95_specificity",
        title="Sensitivity at 95 % specificity",
        meaning="Recall at the threshold that leaves a specificity of 95 % in the other folds.",
        source="`recall_score`",
        compute=FromImages(
            point=lambda repeat: threshold_recalls(repeat, of_class=True),
            weighted=lambda view: nan_safe_ratio(view.sums(threshold_true_positives), view.actual),
        ),
        per_class=True,
        support=OF_CLASS,
        shown_in=("screening",),
    ),
    Metric(
        name="specificity_achieved",
        title="Specificity achieved",
        meaning="Specificity at that threshold in the fold held out.",
        source="`recall_score` of the other classes as one",
        compute=FromImages(
            point=lambda repeat: threshold_recalls(repeat, of_class=False),
            weighted=lambda view: nan_safe_ratio(view.sums(threshold_true_negatives), view.others),
        ),
        per_class=True,
        support=OF_OTHER_CLASSES,
        shown_in=("screening",),
    ),
)
