from dataclasses import replace
from math import log

import numpy as np
import pandas as pd
import pytest
from covid_xray.evaluation.metrics.per_image import threshold_decisions
from covid_xray.evaluation.metrics.probabilities import PROBABILITIES
from sklearn import metrics


def with_probabilities(*rows):
    """Rows of a label and its probabilities of C, N and P."""
    labels, probabilities = zip(*rows, strict=True)
    images = [f"i{place}" for place in range(len(rows))]
    predicted = ["CNP"[row.index(max(row))] for row in probabilities]
    return pd.DataFrame(
        {"repeat": 0, "fold": 0, "image_id": images, "patient_id": images, "label": labels}
        | {"prediction": predicted, "probability": probabilities}
    )


def test_metrics_of_known_probabilities(points_of):
    rows = with_probabilities(
        ("C", (0.7, 0.2, 0.1)), ("C", (0.3, 0.6, 0.1)), ("N", (0.4, 0.5, 0.1)), ("P", (0.1, 0.1, 0.8))
    )
    found = points_of(rows, ("C", "N", "P"))
    assert found["log_loss", None] == pytest.approx(-(log(0.7) + log(0.3) + log(0.5) + log(0.8)) / 4)
    assert found["brier", "C"] == pytest.approx((0.3**2 + 0.7**2 + 0.4**2 + 0.1**2) / 4)
    # Over all classes: 0.14 + 0.86 + 0.42 + 0.06, an image each.
    assert found["brier", None] == pytest.approx(1.48 / 4)
    # Of four pairs of a C with another, the second C ranks below one N.
    assert found["auroc", "C"] == pytest.approx(3 / 4)
    assert found["auprc", "C"] == pytest.approx(1 / 2 * 1 + 1 / 2 * 2 / 3)
    # N ranks above C and P but below one C.
    assert found["auroc", "N"] == pytest.approx(2 / 3)
    assert found["macro_auroc", None] == pytest.approx((3 / 4 + 2 / 3 + 1) / 3)
    # Each image has a bin of its own; 0.7, 0.5 and 0.8 are right, 0.6 is wrong.
    assert found["ece", None] == pytest.approx((0.3 + 0.6 + 0.5 + 0.2) / 4)


def test_weighted_metrics_are_scikit_learns_with_sample_weights(assert_scikit_learns):
    assert_scikit_learns(PROBABILITIES, scikit_learns)


def test_the_brier_score_of_two_classes_is_of_the_positive_one(typed, points_of):
    found = points_of(typed(("C", "C"), ("N", "C"), sure=0.8))
    assert found["brier", None] == pytest.approx((0.2**2 + 0.8**2) / 2)


def test_confidences_in_one_bin_balance_each_other(typed, points_of):
    # 0.9 right four times and wrong once: 0.8 right where 0.9 was claimed.
    found = points_of(typed(*[("C", "C")] * 4, ("N", "C")))
    assert found["ece", None] == pytest.approx(0.1)


@pytest.mark.filterwarnings("error::sklearn.exceptions.UndefinedMetricWarning")
def test_one_side_alone_has_no_area(typed, points_of):
    found = points_of(typed(("N", "N"), ("N", "N")))
    assert all(np.isnan(found[metric, "C"]) for metric in ("auroc", "auprc"))
    assert np.isnan(found["auroc", "N"]) and found["auprc", "N"] == 1


def test_without_other_folds_there_is_nothing_at_a_threshold(typed, points_of):
    found = points_of(typed(("C", "C"), ("N", "N")))
    assert np.isnan(
        [found[name, "C"] for name in ("sensitivity_at_95_specificity", "specificity_achieved")]
    ).all()


def test_a_certainty_that_is_wrong_costs_what_scikit_learn_says(repeat, weights, weighted):
    certain = np.eye(len(repeat.classes))[repeat.prediction]
    found = weighted(replace(repeat, probability=certain), weights)["log_loss", None]
    weight = weights[0][repeat.patient]
    assert found[0] == pytest.approx(metrics.log_loss(repeat.label, certain, sample_weight=weight))


def scikit_learns(repeat, weight):
    label, probability = repeat.label, repeat.probability
    weighted = {"sample_weight": weight}
    decisions = threshold_decisions(repeat)
    several = probability if len(repeat.classes) > 2 else probability[:, 1]
    found = {
        ("log_loss", None): metrics.log_loss(label, probability, **weighted),
        ("ece", None): expected_calibration_error(repeat, weight),
        ("macro_auroc", None): metrics.roc_auc_score(label, several, multi_class="ovr", **weighted),
    }
    for place, name in enumerate(repeat.classes):
        is_it, score, decided = label == place, probability[:, place], decisions[:, place]
        found |= {
            ("brier", name): metrics.brier_score_loss(is_it, score, **weighted),
            ("auroc", name): metrics.roc_auc_score(is_it, score, **weighted),
            ("auprc", name): metrics.average_precision_score(is_it, score, **weighted),
            ("sensitivity_at_95_specificity", name): metrics.recall_score(is_it, decided, **weighted),
            ("specificity_achieved", name): metrics.recall_score(~is_it, ~decided, **weighted),
        }
    briers = [found["brier", name] for name in repeat.classes]
    found["brier", None] = briers[0] if len(briers) == 2 else sum(briers)
    return found


def expected_calibration_error(repeat, weight):
    top, total = repeat.probability.max(axis=1), 0.0
    right = repeat.probability.argmax(axis=1) == repeat.label
    for bin_ in range(15):
        inside = (top > bin_ / 15) & (top <= (bin_ + 1) / 15) & (weight > 0)
        if inside.any():
            share = weight[inside].sum() / weight.sum()
            accuracy = np.average(right[inside], weights=weight[inside])
            total += share * abs(accuracy - np.average(top[inside], weights=weight[inside]))
    return total
