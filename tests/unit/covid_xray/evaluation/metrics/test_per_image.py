from dataclasses import replace

import numpy as np
import pytest
from covid_xray.evaluation.metrics.per_image import (
    calibration_gaps,
    confusion_cells,
    log_losses,
    threshold,
    threshold_decisions,
    threshold_true_negatives,
    threshold_true_positives,
)
from covid_xray.evaluation.metrics.repeat import repeats_of


@pytest.fixture
def repeat(drawn):
    """Two classes in three folds."""
    return repeats_of(drawn(k=2, n=90, folds=3, seed=1), ("C", "N"))[0]


@pytest.mark.parametrize("n", range(1, 62))
def test_the_threshold_is_the_smallest_with_enough_specificity(n):
    scores = np.random.default_rng(n).integers(0, 40, n) / 40
    enough = [score for score in np.unique(scores) if 100 * (scores <= score).sum() >= 95 * n]
    assert threshold(scores) == min(enough)


def test_a_folds_own_scores_have_no_part_in_its_threshold(repeat):
    own = repeat.fold == 1
    judged = own & (repeat.label == 0)
    raised = repeat.probability.copy()
    raised[own & (repeat.label == 1)] = [1.0, 0.0]
    changed = replace(repeat, probability=raised)
    assert (threshold_decisions(changed)[judged] == threshold_decisions(repeat)[judged]).all()
    assert threshold_decisions(repeat)[judged, 0].any()


def test_the_other_folds_scores_make_the_threshold(repeat):
    own = repeat.fold == 1
    raised = repeat.probability.copy()
    raised[~own & (repeat.label == 1)] = [1.0, 0.0]
    assert not threshold_decisions(replace(repeat, probability=raised))[own, 0].any()


def test_a_positive_decision_is_above_the_threshold_and_not_at_it(repeat):
    # Fold 0 holds 20 N of 0.00 to 0.19 and a C; at most one of the 20 may be above, so 0.18 is the threshold.
    score = np.array([*np.arange(20) / 100, 0.5, 0.18, 0.19, 0.1])
    made = replace(
        repeat,
        label=np.array([1] * 20 + [0, 0, 0, 1]),
        fold=np.array([0] * 21 + [1] * 3),
        probability=np.stack([score, 1 - score], axis=1),
    )
    assert threshold_decisions(made)[21:, 0].tolist() == [False, True, False]


def test_one_fold_alone_has_no_threshold(drawn):
    alone = repeats_of(drawn(k=2), ("C", "N"))[0]
    assert threshold_decisions(alone) is None
    assert np.isnan(threshold_true_positives(alone)).all() and np.isnan(threshold_true_negatives(alone)).all()


def test_right_decisions_are_of_the_class_or_of_the_others(repeat):
    decisions = threshold_decisions(repeat)
    assert (threshold_true_positives(repeat) == (decisions & repeat.actual)).all()
    assert (threshold_true_negatives(repeat) == (~decisions & ~repeat.actual)).all()


def test_a_confidence_at_an_edge_is_in_the_bin_below(typed):
    # 12/15 = 0.8 ends the twelfth bin.
    gaps = calibration_gaps(repeats_of(typed(("C", "C"), ("N", "C"), sure=0.8), ("C", "N"))[0])
    assert gaps.shape == (2, 15) and gaps[:, 11] == pytest.approx([0.2, -0.8])
    assert (np.delete(gaps, 11, axis=1) == 0).all()


def test_a_certainty_that_is_wrong_has_a_finite_loss(typed):
    losses = log_losses(repeats_of(typed(("C", "N"), ("N", "N"), sure=1.0), ("C", "N"))[0])
    assert losses.shape == (2, 1) and losses[0, 0] == pytest.approx(-np.log(np.finfo(float).eps))


def test_each_image_counts_in_one_cell_of_the_confusion_matrix(typed):
    cells = confusion_cells(repeats_of(typed(("C", "N"), ("N", "C")), ("C", "N"))[0])
    assert cells.tolist() == [[False, True, False, False], [False, False, True, False]]
