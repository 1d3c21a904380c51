from dataclasses import replace

import numpy as np
import pytest
from covid_xray.evaluation.metrics.repeat import repeats_of
from covid_xray.evaluation.metrics.thresholds import calls, threshold


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
    assert (calls(changed)[judged] == calls(repeat)[judged]).all()
    assert calls(repeat)[judged, 0].any()


def test_the_other_folds_scores_make_the_threshold(repeat):
    own = repeat.fold == 1
    raised = repeat.probability.copy()
    raised[~own & (repeat.label == 1)] = [1.0, 0.0]
    assert not calls(replace(repeat, probability=raised))[own, 0].any()


def test_the_called_are_above_the_threshold_and_not_at_it(repeat):
    # Fold 0 holds 20 N of 0.00 to 0.19 and a C; at most one of the 20 may be above, so 0.18 is the threshold.
    score = np.array([*np.arange(20) / 100, 0.5, 0.18, 0.19, 0.1])
    made = replace(
        repeat,
        label=np.array([1] * 20 + [0, 0, 0, 1]),
        fold=np.array([0] * 21 + [1] * 3),
        probability=np.stack([score, 1 - score], axis=1),
    )
    assert calls(made)[21:, 0].tolist() == [False, True, False]


def test_one_fold_alone_has_no_threshold(drawn):
    assert calls(repeats_of(drawn(k=2), ("C", "N"))[0]) is None
