import numpy as np
import pandas as pd
import pytest
from covid_xray.evaluation.source_probe import CLASSES, OTHERS, SOURCE, probed, probes
from sklearn.metrics import roc_auc_score


@pytest.fixture
def images():
    """Two images of each patient: those of one class come from the sources given, by number of patients."""

    def make(**patients: int) -> pd.DataFrame:
        sources = [source for source, count in patients.items() for _ in range(2 * count)]
        numbers = range(len(sources))
        return pd.DataFrame(
            {
                "image_id": [f"{(7919 * n) % 1009:04d}" for n in numbers],
                "label": "Covid-19",
                "patient_id": [f"p{n // 2}" for n in numbers],
                "source": [None if source == "unknown" else source for source in sources],
            }
        )

    return make


def test_of_two_sources_one_is_told_from_the_other_beside_random_halves_of_the_larger(images):
    one, control = probes(images(A=12, B=20), folds=5, seed=1)
    assert (one.label, one.source, one.is_control) == ("Covid-19", "A", False)
    assert one.splits["label"].value_counts().to_dict() == {SOURCE: 24, OTHERS: 40}
    assert (control.source, control.is_control) == ("B", True)
    assert control.splits["label"].value_counts().to_dict() == {SOURCE: 20, OTHERS: 20}


def test_of_more_sources_each_is_told_from_all_others(images):
    found = probes(images(A=6, B=7, C=20), folds=5, seed=1)
    assert [(probe.source, probe.is_control) for probe in found] == [
        ("A", False),
        ("B", False),
        ("C", False),
        ("C", True),
    ]
    assert found[0].splits["label"].value_counts().to_dict() == {SOURCE: 12, OTHERS: 54}


@pytest.mark.parametrize("patients", [{"A": 30}, {"A": 30, "B": 4}, {"A": 30, "unknown": 30}, {"unknown": 9}])
def test_nothing_can_be_told_of_one_source_of_few_patients_or_of_none_known(images, patients):
    assert probes(images(**patients), folds=5, seed=1) == []


def test_a_class_with_one_source_is_left_out_beside_one_with_two(images):
    other = images(A=9).assign(label="No_findings", image_id=[f"x{n:02d}" for n in range(18)])
    found = probes(pd.concat([images(A=9, B=9), other]), folds=5, seed=1)
    assert {probe.label for probe in found} == {"Covid-19"}


def test_all_images_of_a_patient_are_in_one_fold_and_on_one_side(images):
    for probe in probes(images(A=12, B=20), folds=5, seed=1):
        assert sorted(set(probe.splits["fold"])) == [0, 1, 2, 3, 4]
        assert (probe.splits.groupby("fold")["label"].nunique() == 2).all()
        assert (probe.splits.groupby("patient_id")[["fold", "label"]].nunique() == 1).all(axis=None)


def test_halves_and_folds_do_not_depend_on_the_order_of_the_images(images):
    given = images(A=12, B=20)
    shuffled = probes(given.sample(frac=1, random_state=2), folds=5, seed=1)
    for one, other in zip(probes(given, folds=5, seed=1), shuffled, strict=True):
        pd.testing.assert_frame_equal(one.splits, other.splits)


@pytest.fixture
def answered():
    """The predictions of a probe, given how likely each image is of the source."""

    def answer(probe, likely):
        said = np.where(likely > 0.5, *CLASSES)
        return probe.splits.assign(prediction=said, probability=[[p, 1 - p] for p in likely])

    return answer


def test_the_area_is_that_of_scikit_learn_in_the_mean_over_folds(images, answered):
    (one, _) = probes(images(A=12, B=20), folds=5, seed=1)
    likely = np.random.default_rng(1).random(len(one.splits)) + 0.3 * (one.splits["label"] == SOURCE)
    predictions = answered(one, (likely / 1.3).to_numpy())
    folds = [
        roc_auc_score(fold["label"] == SOURCE, [p for p, _ in fold["probability"]])
        for _, fold in predictions.groupby("fold")
    ]
    found = probed(predictions, 200, seed=1)
    assert found.auroc == pytest.approx(np.mean(folds), abs=1e-12)
    assert found.ci_low < found.auroc < found.ci_high
    assert (found.n, found.n_patients) == (64, 32)


def test_images_are_ranked_within_their_fold_whatever_the_level_of_its_probabilities(images, answered):
    (one, _) = probes(images(A=12, B=20), folds=5, seed=1)
    # In each fold the source stands out, but all of a fold that holds out more of it is less likely.
    is_source = (one.splits["label"] == SOURCE).to_numpy()
    likely = 0.1 + 0.18 * one.splits["fold"].to_numpy() + 0.01 * is_source
    found = probed(answered(one, likely), 200, seed=1)
    assert found.auroc == 1.0 and found.ci_low < 1.0
