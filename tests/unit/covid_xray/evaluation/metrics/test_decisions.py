import numpy as np
import pytest
from covid_xray.evaluation.metrics.decisions import DECISIONS
from sklearn import metrics


def test_metrics_of_a_known_confusion_matrix(typed, points_of):
    # 8 of 10 C found; 85 of 90 N found, 5 predicted as C.
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
    # Bayes: of 10,000 people 100 are ill, 80 of them found; of 9,900 others 550 are predicted to be ill.
    assert found["ppv_at_1_percent", "C"] == pytest.approx(80 / 630)
    assert found["npv_at_1_percent", "C"] == pytest.approx(9350 / 9370)


def test_weighted_metrics_are_scikit_learns_with_sample_weights(assert_scikit_learns):
    assert_scikit_learns(DECISIONS, scikit_learns)


def test_predictive_values_follow_from_recall_and_specificity(repeat, weights, weighted):
    found = weighted(repeat, weights)
    recall, specificity = found["recall", "C"], found["specificity", "C"]
    assert found["ppv_at_5_percent", "C"] == pytest.approx(
        0.05 * recall / (0.05 * recall + 0.95 * (1 - specificity))
    )
    assert found["npv_at_20_percent", "C"] == pytest.approx(
        0.8 * specificity / (0.8 * specificity + 0.2 * (1 - recall))
    )


def test_a_proportion_of_nothing_is_undefined(typed, points_of):
    found = points_of(typed(("C", "N"), ("N", "N")))
    names = {metric.name for metric in DECISIONS}
    assert {key for key, value in found.items() if key[0] in names and np.isnan(value)} == {
        ("precision", "C"),
        *{(f"ppv_at_{p}_percent", "C") for p in (1, 5, 20)},
        *{(f"npv_at_{p}_percent", "N") for p in (1, 5, 20)},
    }


@pytest.mark.filterwarnings("error")
def test_a_class_that_is_not_there_does_not_count_in_a_mean_and_nobody_is_warned(typed, points_of):
    found = points_of(typed(("N", "N"), ("N", "N")))
    assert found["balanced_accuracy", None] == 1 and found["macro_f1", None] == 1
    assert all(np.isnan(found[metric, "C"]) for metric in ("recall", "f1"))
    assert found["mcc", None] == 0


def scikit_learns(repeat, weight):
    label, predicted = repeat.label, repeat.prediction
    weighted = {"sample_weight": weight}
    f1 = metrics.f1_score(label, predicted, average=None, **weighted)
    found = {
        ("accuracy", None): metrics.accuracy_score(label, predicted, **weighted),
        ("balanced_accuracy", None): metrics.balanced_accuracy_score(label, predicted, **weighted),
        ("macro_f1", None): f1.mean(),
        ("mcc", None): metrics.matthews_corrcoef(label, predicted, **weighted),
    }
    for place, name in enumerate(repeat.classes):
        is_it, as_it = label == place, predicted == place
        found |= {
            ("recall", name): metrics.recall_score(is_it, as_it, **weighted),
            ("specificity", name): metrics.recall_score(~is_it, ~as_it, **weighted),
            ("precision", name): metrics.precision_score(is_it, as_it, **weighted),
            ("f1", name): f1[place],
        }
    return found
