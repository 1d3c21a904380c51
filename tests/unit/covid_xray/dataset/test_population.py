import pandas as pd
import pytest
from covid_xray.dataset.population import Ages, population


@pytest.fixture
def images():
    """Six images of four patients in one class, and one of another class of which nothing is known."""
    rows = [
        ("C", "p1", "PA", "F", 40),
        ("C", "p1", "AP", "F", 41),
        ("C", "p2", "AP supine", "M", 90),
        ("C", "p3", "PA", "F", None),
        ("C", "p3", None, "M", 10),
        ("C", "p4", "other", None, 30),
        ("D", "p1", None, None, None),
    ]
    return pd.DataFrame(rows, columns=["label", "patient_id", "view", "sex", "age"])


def test_sex_is_counted_by_patient_and_view_and_age_by_image(images):
    found, _ = population(images)
    assert (found.label, found.images, found.patients) == ("C", 6, 4)
    # One is of p3, whose images have both sexes.
    assert (found.female, found.male, found.sex_not_known) == (1, 1, 2)
    assert found.ages == Ages(5, 30, 40, 41) and found.age_text == "40 (30 to 41), of 5"
    assert found.views_text == "PA 2, AP 1, AP supine 1, other 1, not known 1"


def test_a_class_of_which_nothing_is_known_has_its_row_beside_one_of_which_something_is(images):
    _, found = population(images)
    assert (found.label, found.sex_not_known, found.ages, found.age_text) == ("D", 1, None, "not known")


def test_where_nothing_is_known_of_any_image_there_is_no_population(images):
    assert population(images[images["label"] == "D"]) == ()
