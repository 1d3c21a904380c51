from dataclasses import replace

import numpy as np
import pytest
from covid_xray.evaluation.metrics.points import points
from covid_xray.evaluation.metrics.repeat import repeats_of
from covid_xray.evaluation.metrics.thresholds import calls
from covid_xray.evaluation.metrics.weighted import WeightedFigures
from sklearn import metrics

NAMES = ("C", "N", "P")


@pytest.fixture(params=[2, 3], ids=["two classes", "three classes"])
def repeat(request, drawn):
    """A repeat of three folds and many tied scores."""
    return repeats_of(drawn(k=request.param, folds=3, seed=4), NAMES[: request.param])[0]


@pytest.fixture
def counts(repeat):
    """How often each of 20 resamples drew each patient, some never."""
    return np.random.default_rng(2).integers(0, 4, (20, repeat.patient.max() + 1)).astype(float)


def values_of(repeat, counts):
    return dict(WeightedFigures.of(repeat, counts.shape[1]).values(counts))


def test_scores_are_tied(repeat):
    assert len(np.unique(repeat.probability[:, 0])) < len(repeat.label) / 4


def test_every_figure_is_scikit_learns_with_sample_weights(repeat, counts):
    found = values_of(repeat, counts)
    for row, drawn in enumerate(counts):
        expected = scikit_learns(repeat, drawn[repeat.patient])
        assert {key for key in found if not key[0].startswith(("ppv", "npv"))} == set(expected)
        for key, value in expected.items():
            assert found[key][row] == pytest.approx(value, abs=1e-12), key


def test_each_patient_drawn_once_gives_the_figures_themselves(repeat, counts):
    found = values_of(repeat, np.ones_like(counts[:1]))
    expected = points(repeat)
    assert set(found) == set(expected)
    for key, value in expected.items():
        assert found[key][0] == pytest.approx(value, abs=1e-12), key


def test_a_certainty_that_is_wrong_costs_what_scikit_learn_says(repeat, counts):
    certain = np.eye(len(repeat.classes))[repeat.prediction]
    found = values_of(replace(repeat, probability=certain), counts)["log_loss", None]
    weight = counts[0][repeat.patient]
    assert found[0] == pytest.approx(metrics.log_loss(repeat.label, certain, sample_weight=weight))


def test_predictive_values_follow_from_recall_and_specificity(repeat, counts):
    found = values_of(repeat, counts)
    recall, specificity = found["recall", "C"], found["specificity", "C"]
    assert found["ppv_at_5_percent", "C"] == pytest.approx(
        0.05 * recall / (0.05 * recall + 0.95 * (1 - specificity))
    )


def test_a_resample_without_a_class_leaves_its_figures_undefined(repeat):
    # All images of the first patient are N; the resample draws nobody else.
    repeat = replace(repeat, label=np.where(repeat.patient == 0, 1, repeat.label))
    counts = np.zeros((1, repeat.patient.max() + 1))
    counts[0, 0] = 2
    found = {key: values[0] for key, values in values_of(repeat, counts).items()}
    for metric in ("recall", "auroc", "auprc", "sensitivity_at_95_specificity"):
        assert np.isnan(found[metric, "C"]), metric
    assert found["recall", "N"] == found["balanced_accuracy", None] == found["accuracy", None]
    assert found["mcc", None] == 0


def scikit_learns(repeat, weight):
    label, said, probability = repeat.label, repeat.prediction, repeat.probability
    weighted = {"sample_weight": weight}
    f1 = metrics.f1_score(label, said, average=None, **weighted)
    found = {
        ("accuracy", None): metrics.accuracy_score(label, said, **weighted),
        ("balanced_accuracy", None): metrics.balanced_accuracy_score(label, said, **weighted),
        ("macro_f1", None): f1.mean(),
        ("mcc", None): metrics.matthews_corrcoef(label, said, **weighted),
        ("log_loss", None): metrics.log_loss(label, probability, **weighted),
        ("ece", None): expected_calibration_error(repeat, weight),
    }
    called = calls(repeat)
    for place, name in enumerate(repeat.classes):
        is_it, said_it, score = label == place, said == place, probability[:, place]
        found |= {
            ("recall", name): metrics.recall_score(is_it, said_it, **weighted),
            ("specificity", name): metrics.recall_score(~is_it, ~said_it, **weighted),
            ("precision", name): metrics.precision_score(is_it, said_it, **weighted),
            ("f1", name): f1[place],
            ("brier", name): metrics.brier_score_loss(is_it, score, **weighted),
            ("auroc", name): metrics.roc_auc_score(is_it, score, **weighted),
            ("auprc", name): metrics.average_precision_score(is_it, score, **weighted),
            ("sensitivity_at_95_specificity", name): metrics.recall_score(
                is_it, called[:, place], **weighted
            ),
            ("specificity_achieved", name): metrics.recall_score(~is_it, ~called[:, place], **weighted),
        }
    several = probability if len(repeat.classes) > 2 else probability[:, 1]
    found["macro_auroc", None] = metrics.roc_auc_score(label, several, multi_class="ovr", **weighted)
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
