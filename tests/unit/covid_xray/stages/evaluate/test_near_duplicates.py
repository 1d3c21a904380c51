"""Images that a model has seen in another form are told apart from those that it has not."""

import pandas as pd
import pytest
from covid_xray.stages.evaluate.near_duplicates import mark
from radiograph import signature

from tests.unit.covid_xray.dataset.test_near_duplicates import COPIES, drawn


@pytest.fixture
def training():
    """Eight training images, the first of which is there twice."""
    pictures = [drawn(0), *map(drawn, range(7))]
    paths = [f"Covid-19/{place}.png" for place in range(8)]
    return pd.DataFrame({"path": paths, "signature": [signature(picture) for picture in pictures]})


@pytest.fixture
def images():
    """A refused file, two copies of training images and an image of its own, not in order."""
    refused = {"signature": None, "reason": "blank", "detail": ""}
    pictures = [COPIES["brightened"](drawn(4)), drawn(90), COPIES["cropped unevenly"](drawn(2))]
    rows = [{"signature": signature(picture), "reason": None, "detail": None} for picture in pictures]
    return pd.DataFrame([refused, *rows], index=[3, 1, 2, 0])


def test_a_copy_of_a_training_image_is_refused_with_the_path_of_that(images, training):
    marked, note = mark(images, training, 8, keep=False)
    assert marked["reason"].tolist() == ["blank", "near_duplicate", None, "near_duplicate"]
    assert marked.loc[1, "detail"] == "near-duplicate of the training image Covid-19/5.png"
    assert marked.loc[0, "detail"] == "near-duplicate of the training image Covid-19/3.png"
    assert note == "2 near-duplicates of training images left out"


def test_kept_ones_are_counted_and_nothing_else(images, training):
    marked, note = mark(images, training, 8, keep=True)
    pd.testing.assert_frame_equal(marked, images)
    assert note == "2 near-duplicates of training images kept"


def test_without_the_signatures_of_training_images_the_note_says_so(images, training):
    marked, note = mark(images, training[:0], 8, keep=False)
    pd.testing.assert_frame_equal(marked, images)
    assert note == (
        "near-duplicates of training images could not be looked for: the table images lacks their signatures"
    )
    _, note = mark(images, training[:6], 8, keep=False)
    assert note.startswith("near-duplicates of 2 of 8 training images could not be looked for")
    assert note.endswith("2 near-duplicates of training images left out")


def test_where_all_images_resemble_each_other_none_is_left_out(images, training):
    alike = pd.DataFrame({"path": "Covid-19/0.png", "signature": [signature(drawn(0))] * 60})
    marked, note = mark(images.assign(signature=signature(drawn(0))), alike, 60, keep=False)
    assert marked["reason"].isna().sum() == 3 and note.endswith("all images resemble each other")


def test_a_folder_without_a_usable_image_has_no_near_duplicate(images, training):
    assert mark(images[:1], training, 8, keep=False)[1] == ""
