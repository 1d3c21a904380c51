import numpy as np
import pytest
from covid_xray.evaluation.metrics.ranking import Ranking
from sklearn.metrics import average_precision_score, roc_auc_score

POSITIVE = np.array([True, False, True, False, False, True])


def areas(score, positive, counts):
    patient = np.arange(len(score))
    return Ranking.of(np.asarray(score, float), positive, patient).areas(np.asarray(counts, float))


def test_a_tie_counts_half():
    auroc, _ = areas([0.9, 0.5, 0.5, 0.1, 0.1, 0.5], POSITIVE, [[1] * 6])
    # Nine pairs: 3 + 2.5 + 2.5.
    assert auroc[0] == pytest.approx(8 / 9)


def test_all_scores_tied_say_nothing():
    auroc, precision = areas([0.5] * 6, POSITIVE, [[1] * 6, [2, 1, 0, 1, 4, 0]])
    assert auroc == pytest.approx([0.5, 0.5]) and precision == pytest.approx([0.5, 2 / 8])


@pytest.mark.parametrize("distinct", [2, 5, 1000])
def test_weighted_areas_are_scikit_learns(distinct):
    random = np.random.default_rng(distinct)
    score = random.integers(distinct, size=50) / distinct
    positive = random.random(50) < 0.3
    counts = random.integers(0, 3, (30, 50))
    auroc, precision = areas(score, positive, counts)
    for row, weight in enumerate(counts):
        assert auroc[row] == pytest.approx(roc_auc_score(positive, score, sample_weight=weight), abs=1e-12)
        expected = average_precision_score(positive, score, sample_weight=weight)
        assert precision[row] == pytest.approx(expected, abs=1e-12)


def test_images_above_all_that_was_drawn_do_not_count():
    auroc, precision = areas([0.9, 0.8, 0.7], np.array([True, False, True]), [[0, 1, 1]])
    assert (auroc[0], precision[0]) == (0, 0.5)


def test_one_side_alone_has_no_auroc():
    auroc, precision = areas([0.9, 0.8], np.array([True, False]), [[1, 0], [0, 1], [1, 1]])
    assert np.isnan(auroc).tolist() == [True, True, False]
    assert np.isnan(precision).tolist() == [False, True, False]


def test_without_images_of_the_class_both_are_undefined():
    auroc, precision = areas([0.9, 0.8], np.array([False, False]), [[1, 1]])
    assert np.isnan(auroc[0]) and np.isnan(precision[0])
