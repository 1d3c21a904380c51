"""Who is compared with whom, and how the p values are corrected."""

import numpy as np
import pandas as pd
import pytest
from covid_xray.evaluation.pairwise import Classifier, best_baseline, comparisons

A, B = Classifier("backbone", "A"), Classifier("backbone", "B")
WEAK, STRONG = Classifier("baseline", "majority"), Classifier("baseline", "file_facts")


@pytest.fixture
def held_out():
    """Predictions for 60 images of as many patients, the first so many of which are right."""

    def make(right: int) -> pd.DataFrame:
        label = np.where(np.arange(60) % 2 == 0, "C", "N")
        wrong = np.where(label == "C", "N", "C")
        ids = [f"i{n:02d}" for n in range(60)]
        said = np.where(np.arange(60) < right, label, wrong)
        return pd.DataFrame(
            {"repeat": 0, "fold": 0, "image_id": ids, "patient_id": ids, "label": label, "prediction": said}
        )

    return make


@pytest.fixture
def found(held_out):
    predictions = {A: held_out(57), B: held_out(50), WEAK: held_out(30), STRONG: held_out(52)}
    return {(row["first"], row["second"]): row for row in comparisons(predictions, 200, seed=3)}


def test_networks_are_held_against_each_other_and_against_the_best_baseline(found):
    assert set(found) == {("A", "B"), ("A", "file_facts"), ("B", "file_facts")}
    assert found["A", "file_facts"]["second_kind"] == "baseline"


def test_a_difference_is_that_of_accuracies(found):
    row = found["A", "B"]
    assert row["difference"] == pytest.approx(7 / 60)
    assert row["first_only"] == 7 and row["second_only"] == 0
    assert row["ci_low"] < row["difference"] < row["ci_high"]
    assert found["B", "file_facts"]["difference"] == pytest.approx(-2 / 60)


def test_p_values_are_corrected_for_all_comparisons_made(found):
    # McNemar's exact test on 7 to 0: 2 / 2^7. The smallest of three is taken times three.
    assert found["A", "B"]["p_value"] == pytest.approx(2 / 2**7)
    assert found["A", "B"]["p_holm"] == pytest.approx(3 * 2 / 2**7)
    assert all(row["p_holm"] >= row["p_value"] for row in found.values())


def test_without_baselines_networks_are_still_compared(held_out):
    predictions = {A: held_out(57), B: held_out(50)}
    assert best_baseline(predictions) is None
    assert len(comparisons(predictions, 100, seed=3)) == 1


def test_one_classifier_alone_is_compared_with_nothing(held_out):
    assert comparisons({A: held_out(57)}, 100, seed=3) == []


def test_a_network_is_held_against_itself_with_parts_hidden_and_corrected_apart(held_out):
    blanked, other = Classifier("lungs_blanked", "A"), Classifier("shuffled", "C")
    predictions = {A: held_out(57), B: held_out(50), blanked: held_out(50), other: held_out(30)}
    found = {(row["first"], row["second_kind"]): row for row in comparisons(predictions, 200, seed=3)}
    assert set(found) == {("A", "backbone"), ("A", "lungs_blanked")}
    assert found["A", "lungs_blanked"]["second"] == "A"
    assert all(row["p_holm"] == row["p_value"] for row in found.values())
