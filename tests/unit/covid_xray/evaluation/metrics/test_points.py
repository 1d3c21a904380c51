from math import log

import pandas as pd
import pytest
from covid_xray.evaluation.metrics.points import points
from covid_xray.evaluation.metrics.repeat import repeats_of


def points_of(rows, classes=("C", "N")):
    return points(repeats_of(rows, classes)[0])


def with_probabilities(*rows):
    """Rows of a label and its probabilities of C, N and P."""
    labels, probabilities = zip(*rows, strict=True)
    images = [f"i{place}" for place in range(len(rows))]
    said = ["CNP"[row.index(max(row))] for row in probabilities]
    return pd.DataFrame(
        {"repeat": 0, "fold": 0, "image_id": images, "patient_id": images, "label": labels}
        | {"prediction": said, "probability": probabilities}
    )


def test_figures_of_a_known_confusion_matrix(typed):
    # 8 of 10 C found; 85 of 90 N found, 5 called C.
    found = points_of(typed(*[("C", "C")] * 8, *[("C", "N")] * 2, *[("N", "N")] * 85, *[("N", "C")] * 5))
    assert found["accuracy", None] == pytest.approx(0.93)
    assert found["recall", "C"] == pytest.approx(0.8)
    assert found["specificity", "C"] == pytest.approx(85 / 90)
    assert found["recall", "N"] == found["specificity", "C"]
    assert found["specificity", "N"] == found["recall", "C"]
    assert found["precision", "C"] == pytest.approx(8 / 13)
    assert found["f1", "C"] == pytest.approx(2 * 8 / (2 * 8 + 2 + 5))
    assert found["balanced_accuracy", None] == pytest.approx((0.8 + 85 / 90) / 2)
    assert found["macro_f1", None] == pytest.approx((16 / 23 + 170 / 177) / 2)
    assert found["mcc", None] == pytest.approx((8 * 85 - 2 * 5) / (10 * 90 * 13 * 87) ** 0.5)
    # Bayes: of 10,000 people 100 are ill, 80 of them found; of 9,900 others 550 are called ill.
    assert found["ppv_at_1_percent", "C"] == pytest.approx(80 / 630)
    assert found["npv_at_1_percent", "C"] == pytest.approx(9350 / 9370)


def test_figures_of_known_probabilities():
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


def test_the_brier_score_of_two_classes_is_of_the_positive_one(typed):
    found = points_of(typed(("C", "C"), ("N", "C"), sure=0.8))
    assert found["brier", None] == pytest.approx((0.2**2 + 0.8**2) / 2)


def test_confidences_in_one_bin_balance_each_other(typed):
    # 0.9 right four times and wrong once: 0.8 right where 0.9 was claimed.
    found = points_of(typed(*[("C", "C")] * 4, ("N", "C")))
    assert found["ece", None] == pytest.approx(0.1)


def test_a_proportion_of_nothing_is_undefined(typed):
    found = points_of(typed(("C", "N"), ("N", "N")))
    undefined = {key for key, value in found.items() if value != value}
    assert undefined == {
        ("precision", "C"),
        *{(f"ppv_at_{p}_percent", "C") for p in (1, 5, 20)},
        *{(f"npv_at_{p}_percent", "N") for p in (1, 5, 20)},
        *{(metric, name) for metric in _OF_FOLDS for name in "CN"},
    }


def test_a_class_that_is_not_there_does_not_count_in_a_mean(typed):
    found = points_of(typed(("N", "N"), ("N", "N")))
    assert found["balanced_accuracy", None] == 1 and found["macro_f1", None] == 1
    assert all(found[metric, "C"] != found[metric, "C"] for metric in ("recall", "f1", "auroc", "auprc"))


_OF_FOLDS = ("sensitivity_at_95_specificity", "specificity_achieved")
