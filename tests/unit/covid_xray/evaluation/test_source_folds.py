"""Folds that are sources, and why there are none."""

import pandas as pd
import pytest
from covid_xray.evaluation.source_folds import obstacle, source_folds

CLASSES = ("Covid-19", "No_findings")


@pytest.fixture
def images():
    """A row an image, given as source, class and patient: `images("Mercy C p1", "- N p2")`."""

    def make(*rows):
        found = pd.DataFrame([row.split() for row in rows], columns=["source", "label", "patient_id"])
        return found.replace({"C": CLASSES[0], "N": CLASSES[1], "-": None})

    return make


BOTH = ("Mercy C p1", "Mercy N p2", "County N p3", "County C p4")


def test_sources_that_hold_every_class_are_folds_and_others_are_always_in_training(images):
    given = images(*BOTH, "Small C p5", "Mercy C p1")
    assert obstacle(given, CLASSES) == ""
    assert source_folds(given, CLASSES).tolist() == [1, 1, 0, 0, pd.NA, 1]


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (("- C p1", "- N p2"), "the source of no image is known"),
        ((*BOTH, "- N p9"), "the source of 1 of 5 images is not known"),
        (("Mercy C p1", "County N p2", "County N p3"), "the images of each class come from one source"),
        (("Mercy C p1", "Mercy N p2"), "all images come from one source"),
        (("Mercy C p1", "Mercy N p2", "County N p3"), "fewer than two sources hold images of every class"),
        ((*BOTH, "County C p1"), "1 patient has images of two sources or more"),
    ],
)
def test_why_sources_cannot_be_left_out_one_by_one_is_told(images, rows, why):
    assert obstacle(images(*rows), CLASSES) == why
