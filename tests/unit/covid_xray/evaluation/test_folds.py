import numpy as np
import pandas as pd
import pytest
from covid_xray.evaluation.folds import Folds

TASKS = {"binary": ("sick", "well"), "three": ("sick", "well", "odd")}


@pytest.fixture
def splits():
    """Six images, one of them in the second task only; rows come in no order."""

    def rows(task, protocol, repeat, folds, ids="abcdef"):
        label_of = dict(zip("abcdef", ["well", "sick", "odd", "sick", "well", "sick"], strict=True))
        columns = {"image_id": list(ids), "patient_id": [f"p{i}" for i in ids]}
        about = {"task": task, "protocol": protocol, "repeat": repeat}
        return pd.DataFrame(columns | {"label": [label_of[i] for i in ids], "fold": folds}).assign(**about)

    drawn = [
        rows("three", "patient_grouped", 0, [0, 1, 2, 0, 1, 2]),
        rows("binary", "as_published", 1, [0, None, None, None, 0], "abdef"),
        rows("binary", "as_published", 0, [None, 0, 0, None, None], "abdef"),
    ]
    return pd.concat(drawn).sample(frac=1, random_state=1)


@pytest.fixture
def folds(splits):
    return Folds.of(splits, TASKS)


def test_images_and_tasks_are_sorted_and_labels_are_the_places_of_classes(folds):
    assert folds.ids == tuple("abcdef") and folds.tasks == ("binary", "three")
    assert folds.labels.codes.T.tolist() == [[1, 0, -1, 0, 1, 0], [1, 0, 2, 0, 1, 0]]
    assert folds.n_classes == [2, 3]


def test_there_is_a_fit_for_each_fold_that_holds_images_out(folds):
    assert [str(fit) for fit in folds.fits] == [
        "task 0, fold 0 of split 0",
        "task 0, fold 0 of split 1",
        *(f"task 1, fold {fold} of split 2" for fold in range(3)),
    ]
    assert folds.names == (("as_published", 0), ("as_published", 1), ("patient_grouped", 0))


def test_a_fit_is_trained_on_the_images_of_its_task_that_it_does_not_hold_out(folds):
    first, last = folds.fits[0], folds.fits[-1]
    assert first.held_out(folds.labels).tolist() == [False, True, False, True, False, False]
    assert first.training(folds.labels).tolist() == [True, False, False, False, True, True]
    assert last.held_out(folds.labels).tolist() == [False, False, True, False, False, True]


def test_classes_of_one_source_weigh_equally_where_folds_are_balanced(splits):
    sources = splits.assign(source=splits["image_id"].map(dict(zip("abcdef", "xyxxxy", strict=True))))
    folds = Folds.of(sources, TASKS, balanced=True)
    (fit,) = folds.whole(["binary"])
    # In the order of the images: well of x, sick of y, (odd), sick of x, well of x, sick of y.
    assert folds.labels.groups is not None
    shares = fit.shares(folds.labels)[folds.labels.groups[[0, 1, 3, 4, 5]]]
    np.testing.assert_allclose(shares, [1 / 6, 1 / 6, 1 / 3, 1 / 6, 1 / 6])
    assert not Folds.of(splits, TASKS).labels.group_of_each().any()


def test_a_fit_on_the_whole_of_a_task_holds_nothing_out(folds):
    (fit,) = folds.whole(["binary"])
    assert fit.training(folds.labels).tolist() == [True, True, False, True, True, True]
    assert not fit.held_out(folds.labels).any()


def test_predictions_are_the_most_probable_classes_in_the_order_of_fits_and_images(folds):
    found = folds.predictions(
        [
            np.array([[0.6, 0.4], [0.3, 0.7]]),
            np.array([[0.9, 0.1], [0.2, 0.8]]),
            *[np.array([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]])] * 3,
        ]
    )
    columns = ["task", "protocol", "repeat", "fold", "image_id", "patient_id", "label", "prediction"]
    assert found[columns].head(3).to_numpy().tolist() == [
        ["binary", "as_published", 0, 0, "b", "pb", "sick", "sick"],
        ["binary", "as_published", 0, 0, "d", "pd", "sick", "well"],
        ["binary", "as_published", 1, 0, "a", "pa", "well", "sick"],
    ]
    assert found["prediction"].tolist()[4:] == ["odd", "sick"] * 3
    assert found["probability"][1] == [0.3, 0.7]
    assert found["image_id"].tolist()[4:] == ["a", "d", "b", "e", "c", "f"]
