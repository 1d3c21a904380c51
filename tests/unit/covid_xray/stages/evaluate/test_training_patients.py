"""Images of training patients are left out of an evaluation, unless sources tell that these are others."""

import pandas as pd
import pytest
from covid_xray.stages.evaluate.training_patients import mark_training_patients


def images(*rows, reason=None):
    found = pd.DataFrame(rows, columns=["patient_id", "source"], dtype=object)
    return found.assign(reason=pd.Series([reason] * len(rows), dtype=object), detail=None)


@pytest.mark.parametrize(
    ("shown", "trained", "refused"),
    [
        (("p1", None), ("p1", None), True),
        (("p1", "A"), ("p1", "A"), True),
        # Where one source is unknown it may be the same.
        (("p1", "A"), ("p1", None), True),
        (("p1", None), ("p1", "A"), True),
        (("p1", "A"), ("p1", "B"), False),
        (("p2", "A"), ("p1", "A"), False),
        # An unknown patient has an id for one image alone.
        (("image-0123456789ab", None), ("image-0123456789ab", None), False),
    ],
)
def test_a_patient_is_the_same_unless_the_sources_are_known_to_differ(shown, trained, refused):
    marked, note = mark_training_patients(images(shown, ("other", "A")), images(trained), 1)
    reasons = ["training_patient" if refused else None, None]
    assert marked["reason"].tolist() == reasons
    assert note == ("1 image of training patients left out" if refused else "")
    assert (marked["detail"].iloc[0] == "the model was trained on other images of this patient") == refused


def test_a_patient_may_have_images_of_several_sources():
    trained = images(("p1", "A"), ("p1", "B"))
    marked, _ = mark_training_patients(images(("p1", "B")), trained, 2)
    assert marked["reason"].tolist() == ["training_patient"]


def test_a_file_that_is_refused_already_keeps_its_reason():
    marked, note = mark_training_patients(images(("p1", None), reason="empty"), images(("p1", None)), 1)
    assert (marked["reason"].tolist(), note) == (["empty"], "")


def test_training_images_whose_patients_are_not_known_are_counted():
    _, note = mark_training_patients(images(("p2", None)), images(("p1", None)), 3)
    assert note == (
        "the tables lack the patients of 2 of 3 training images, so that images of theirs may be among these"
    )


def test_no_image_and_no_training_image_are_no_error():
    assert mark_training_patients(images(), images(("p1", None)), 1)[1] == ""
    assert mark_training_patients(images(("p1", None)), images(), 0)[1] == ""
