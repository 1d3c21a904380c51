import pandas as pd
from covid_xray.evaluation.metrics.repeat import repeats_of


def test_repeats_come_in_order_and_their_images_by_fold_and_id(drawn):
    rows = pd.concat([drawn(folds=3, repeat=1, seed=1), drawn(folds=3)]).sample(frac=1, random_state=1)
    first, second = repeats_of(rows, "CNP")
    expected = drawn(folds=3).sort_values(["fold", "image_id"])
    assert first.label.tolist() == ["CNP".index(name) for name in expected["label"]]
    assert first.fold.tolist() == expected["fold"].tolist()
    assert second.label.tolist() != first.label.tolist()


def test_a_patient_has_the_same_number_in_all_repeats(typed):
    one = typed(("C", "C"), ("N", "N"), patients=["b", "d"])
    other = typed(("C", "C"), ("N", "N"), patients=["a", "d"], repeat=1)
    first, second = repeats_of(pd.concat([one, other]), "CN")
    assert first.patient.tolist() == [1, 2] and second.patient.tolist() == [0, 2]


def test_a_shared_part_is_computed_once_for_each_repeat(drawn):
    calls = []

    def part(repeat):
        calls.append(repeat)
        return len(calls)

    one, other = (repeats_of(drawn(seed=seed), "CNP")[0] for seed in (0, 1))
    assert [one.once(part), one.once(part), other.once(part)] == [1, 1, 2]
