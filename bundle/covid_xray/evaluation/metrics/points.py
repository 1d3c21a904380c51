"""The figures of one repeat, from scikit-learn."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from covid_xray.evaluation.metrics.calibration import calibration_gaps
from covid_xray.evaluation.metrics.defined import mean_defined
from covid_xray.evaluation.metrics.prevalence import predictive_values
from covid_xray.evaluation.metrics.repeat import Array, Key, Mask, Repeat
from covid_xray.evaluation.metrics.thresholds import calls


def points(repeat: Repeat) -> dict[Key, float]:
    """Return every figure, NaN where it is undefined."""
    return {key: float(value) for key, value in (*_decided(repeat), *_probable(repeat), *_called(repeat))}


def _decided(repeat: Repeat) -> Iterator[tuple[Key, float | Array]]:
    """What the predictions alone tell."""
    from sklearn.metrics import accuracy_score, matthews_corrcoef, precision_recall_fscore_support

    label, prediction = repeat.label, repeat.prediction
    places = list(range(len(repeat.classes)))
    precision, recall, f1, _ = precision_recall_fscore_support(
        label, prediction, labels=places, zero_division=np.nan
    )
    yield ("accuracy", None), accuracy_score(label, prediction)
    yield ("balanced_accuracy", None), mean_defined(recall)
    yield ("macro_f1", None), mean_defined(f1)
    yield ("mcc", None), matthews_corrcoef(label, prediction)
    for place, name in enumerate(repeat.classes):
        specificity = _recall(label != place, prediction != place)
        yield ("recall", name), recall[place]
        yield ("specificity", name), specificity
        yield ("precision", name), precision[place]
        yield ("f1", name), f1[place]
        for metric, value in predictive_values(recall[place], specificity):
            yield (metric, name), value


def _probable(repeat: Repeat) -> Iterator[tuple[Key, float | Array]]:
    """What the probabilities tell."""
    from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

    n_classes = len(repeat.classes)
    yield ("log_loss", None), log_loss(repeat.label, repeat.probability, labels=range(n_classes))
    yield ("ece", None), np.abs(calibration_gaps(repeat).mean(axis=0)).sum()
    briers, aurocs = [], []
    for place, name in enumerate(repeat.classes):
        actual, score = repeat.actual[:, place].astype(np.int64), repeat.probability[:, place]
        briers.append(brier_score_loss(actual, score))
        aurocs.append(roc_auc_score(actual, score) if 0 < actual.sum() < len(actual) else np.nan)
        yield ("brier", name), briers[-1]
        yield ("auroc", name), aurocs[-1]
        yield ("auprc", name), average_precision_score(actual, score) if actual.any() else np.nan
    yield ("brier", None), briers[0] if n_classes == 2 else sum(briers)
    yield ("macro_auroc", None), mean_defined(aurocs)


def _called(repeat: Repeat) -> Iterator[tuple[Key, float]]:
    """What the probabilities tell at the other folds' thresholds."""
    called = calls(repeat)
    for place, name in enumerate(repeat.classes):
        actual = repeat.actual[:, place]
        sensitivity = np.nan if called is None else _recall(actual, called[:, place])
        specificity = np.nan if called is None else _recall(~actual, ~called[:, place])
        yield ("sensitivity_at_95_specificity", name), sensitivity
        yield ("specificity_achieved", name), specificity


def _recall(actual: Mask, called: Mask) -> float:
    from sklearn.metrics import recall_score

    return float(recall_score(actual, called, zero_division=np.nan))
