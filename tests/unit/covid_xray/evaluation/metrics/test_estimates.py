import numpy as np
import pandas as pd
import pytest
from covid_xray.evaluation.metrics import METRICS, estimates
from covid_xray.evaluation.metrics.bootstrap import bootstrap_weights
from covid_xray.evaluation.metrics.estimates import replicates
from covid_xray.evaluation.metrics.repeat import repeats_of

CLASSES = ("C", "N")
# The square of the normal distribution's 97.5 % point: Wilson's lower end for n of n is n / (n + Z2).
Z2 = 3.841459


def by_name(rows, classes=CLASSES, resamples=400, seed=1):
    return {(found.metric, found.class_): found for found in estimates(rows, classes, resamples, seed)}


_RESTING_ON_THE_SMALLEST = (
    *(("balanced_accuracy", None), ("macro_f1", None), ("macro_auroc", None)),
    *((metric, name) for metric in ("auroc", "auprc") for name in CLASSES),
)


def width(estimate):
    return estimate.ci_high - estimate.ci_low


def test_a_value_is_the_mean_over_repeats(typed):
    one = typed(("C", "C"), ("N", "N"), ("N", "N"), ("N", "N"))
    other = typed(("C", "N"), ("N", "N"), ("N", "N"), ("N", "C"), repeat=1)
    both = by_name(pd.concat([one, other]))
    assert both["accuracy", None].value == pytest.approx(0.75)
    assert both["recall", "C"].value == pytest.approx(0.5)
    assert both["accuracy", None].n == 4 and both["accuracy", None].n_patients == 4


def test_more_repeats_of_the_same_images_do_not_narrow_the_interval(drawn):
    one = by_name(drawn(), "CNP")
    thrice = by_name(pd.concat([drawn(repeat=repeat) for repeat in range(3)]), "CNP")
    for key, found in one.items():
        assert (thrice[key].ci_low, thrice[key].ci_high) == pytest.approx((found.ci_low, found.ci_high)), key
        assert (thrice[key].n, thrice[key].n_patients) == (found.n, found.n_patients)


def test_an_interval_is_as_wide_as_independent_patients_make_it(typed):
    rows = typed(*[("C", "C")] * 160, *[("C", "N")] * 40, *[("N", "N")] * 200)
    recall = by_name(rows, resamples=2000)["recall", "C"]
    # 0.8 with 200 patients: 1.96 standard errors of a proportion are 0.055.
    assert (recall.ci_low, recall.ci_high) == pytest.approx((0.745, 0.855), abs=0.01)


def test_images_that_share_a_patient_widen_the_interval(typed):
    pairs = [*[("C", "C")] * 80, *[("C", "N")] * 20, *[("N", "N")] * 100]
    alone = by_name(typed(*pairs), resamples=2000)["recall", "C"]
    shared = by_name(typed(*pairs, patients=[f"p{i // 5}" for i in range(200)]), resamples=2000)[
        "recall", "C"
    ]
    assert (alone.n_patients, shared.n_patients) == (100, 20) and alone.n == shared.n
    # Five images a patient, all right or all wrong: wider by the root of 5.
    assert width(shared) / width(alone) == pytest.approx(5**0.5, rel=0.15)


def test_at_one_and_at_zero_the_interval_is_wilsons_of_the_patients(typed):
    # 8 C of 4 patients, all found; 20 N of 10 patients, of which a patient has two predicted as C.
    pairs = [*[("C", "C")] * 8, *[("N", "N")] * 18, *[("N", "C")] * 2]
    found = by_name(typed(*pairs, patients=[f"p{i // 2:02d}" for i in range(28)]))
    recall = found["recall", "C"]
    assert (recall.n, recall.n_patients) == (8, 4)
    assert (recall.ci_low, recall.ci_high) == (pytest.approx(4 / (4 + Z2)), 1)
    precision = found["precision", "N"]
    assert (precision.n, precision.n_patients) == (18, 9)
    assert (precision.ci_low, precision.ci_high) == (pytest.approx(9 / (9 + Z2)), 1)
    none = by_name(typed(*[("C", "N")] * 3, *[("N", "N")] * 5))["recall", "C"]
    assert (none.ci_low, none.ci_high) == (0, pytest.approx(Z2 / (3 + Z2)))


def test_what_sets_classes_against_each_other_rests_on_the_smallest(typed):
    found = by_name(typed(*[("C", "C")] * 5, *[("N", "N")] * 50))
    low = 5 / (5 + Z2)
    for key in _RESTING_ON_THE_SMALLEST:
        assert (found[key].ci_low, found[key].n_patients) == (pytest.approx(low), 55), key
    assert found["mcc", None].ci_low == pytest.approx(2 * low - 1)
    assert found["accuracy", None].ci_low == pytest.approx(55 / (55 + Z2))


def test_a_predictive_value_of_one_has_the_ends_that_recall_and_specificity_give(typed):
    found = by_name(typed(*[("C", "C")] * 8, *[("C", "N")] * 2, *[("N", "N")] * 50))
    recall, ppv = found["recall", "C"], found["ppv_at_1_percent", "C"]
    wrongly = 0.99 * (1 - 50 / (50 + Z2))
    assert ppv.value == 1 and ppv.ci_high == 1
    assert ppv.ci_low == pytest.approx(0.01 * recall.ci_low / (0.01 * recall.ci_low + wrongly))


def test_a_log_loss_of_nothing_has_no_interval(typed):
    found = by_name(typed(("C", "C"), ("N", "N"), sure=1.0))
    assert (found["log_loss", None].ci_low, found["log_loss", None].ci_high) == (None, None)
    assert found["brier", None].ci_high == pytest.approx(Z2 / (2 + Z2))


def test_a_class_that_is_not_there_makes_no_interval_wider(typed):
    found = by_name(typed(("N", "N"), ("N", "N"), ("N", "N")))
    assert found["balanced_accuracy", None].ci_low == pytest.approx(3 / (3 + Z2))


def test_the_brier_score_of_more_than_two_classes_reaches_to_two(typed):
    rows = typed(("C", "C"), ("N", "N")).assign(probability=[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    assert by_name(rows, "CNP")["brier", None].ci_high == pytest.approx(2 * Z2 / (2 + Z2))


def test_resamples_in_which_a_metric_is_undefined_do_not_count(typed):
    # A share of (3/5)^5, 8 %, of the resamples draws no C.
    recall = by_name(typed(("C", "C"), ("C", "N"), ("N", "N"), ("N", "N"), ("N", "N")))["recall", "C"]
    assert (recall.ci_low, recall.ci_high) == (0, 1)


def test_a_metric_that_is_undefined_is_left_out(typed):
    never = typed(("C", "N"), ("N", "N"))
    found = by_name(never)
    assert ("precision", "C") not in found and ("precision", "N") in found
    once = by_name(pd.concat([never, typed(("C", "C"), ("N", "C"), repeat=1)]))
    assert once["precision", "C"].value == 0.5


def test_equal_seeds_give_equal_estimates_in_whatever_order_the_rows_are(drawn):
    rows = pd.concat([drawn(folds=3), drawn(folds=3, seed=5, repeat=1)])
    shuffled = rows.sample(frac=1, random_state=1)
    assert estimates(rows, "CNP", 200, 1) == estimates(shuffled, "CNP", 200, 1)
    one, other = by_name(rows, "CNP", seed=1), by_name(rows, "CNP", seed=2)
    assert one["auroc", "C"].value == other["auroc", "C"].value
    assert one["auroc", "C"].ci_low != other["auroc", "C"].ci_low


def test_every_metric_is_there(drawn):
    found = estimates(drawn(folds=3), "CNP", 50, 1)
    places = {True: "CNP", False: [None]}
    expected = {(metric.name, of) for metric in METRICS for of in places[metric.per_class]}
    assert {(one.metric, one.class_) for one in found} == expected and len(found) == len(expected)


def test_without_other_folds_there_is_no_sensitivity_at_a_specificity(drawn):
    assert not [metric for metric, _ in by_name(drawn(folds=1), "CNP") if "specificity_" in metric]


def test_images_and_patients_are_those_of_the_metrics_support(typed):
    # Two C of patient a, one predicted as N; three N of patients b, b and c, one of b's predicted as C.
    rows = typed(
        *[("C", "C"), ("C", "N"), ("N", "C"), ("N", "N"), ("N", "N")], patients=["a", "a", "b", "b", "c"]
    )
    found = {key: (estimate.n, estimate.n_patients) for key, estimate in by_name(rows).items()}
    assert found["recall", "C"] == (2, 1) and found["specificity", "C"] == (3, 2)
    assert found["precision", "C"] == (2, 2) and found["precision", "N"] == (3, 3)
    assert found["f1", "C"] == (3, 2) and found["auroc", "C"] == (5, 3)


def test_repeats_of_other_images_count_the_mean_of_images_and_each_patient_once(typed):
    one = typed(("C", "C"), ("N", "C"), ("N", "N"), patients=["a", "b", "c"])
    other = typed(
        *[("C", "C"), ("N", "N"), ("N", "N"), ("N", "N"), ("N", "N")], patients=list("adefg"), repeat=1
    )
    accuracy = by_name(pd.concat([one, other]))["accuracy", None]
    assert (accuracy.n, accuracy.n_patients) == (4, 7)


def test_all_repeats_see_the_same_resample_of_patients(drawn, weighted):
    rows = pd.concat([drawn(seed=1), drawn(seed=1, repeat=1), drawn(seed=2, repeat=2)])
    repeats = repeats_of(rows, "CNP")
    (weights,) = bootstrap_weights(25, 50, seed=3, width=60)
    each = [weighted(repeat, weights)["auroc", "C"] for repeat in repeats]
    found = replicates(repeats, 50, seed=3)["auroc", "C"]
    assert found == pytest.approx(np.mean(each, axis=0), abs=1e-12)


def test_a_repeat_in_which_a_resample_has_none_of_the_class_is_left_out(typed):
    # Patient b is held out in the second repeat only, a in both.
    one = typed(("C", "C"), ("N", "N"), patients=["a", "n"])
    other = typed(("C", "N"), ("N", "N"), patients=["b", "n"], repeat=1)
    repeats = repeats_of(pd.concat([one, other]), "CN")
    recall = replicates(repeats, 200, seed=0)["recall", "C"]
    (weights,) = bootstrap_weights(3, 200, seed=0, width=3)
    drawn_a, drawn_b = weights[:, 0] > 0, weights[:, 1] > 0
    assert (recall[drawn_a & ~drawn_b] == 1).all() and (recall[~drawn_a & drawn_b] == 0).all()
    assert (recall[drawn_a & drawn_b] == 0.5).all() and np.isnan(recall[~drawn_a & ~drawn_b]).all()
