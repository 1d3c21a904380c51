import pandas as pd
import pytest
from covid_xray.evaluation.choose import SAMPLE, chosen

CLASSES = ("Covid-19", "No_findings", "Pneumonia")


@pytest.fixture
def held_out():
    """Thirty images a class, in no order, all of them predicted rightly but the ones named."""

    def make(*wrong):
        ids = [f"{number:03d}" for number in range(90)]
        rows = pd.DataFrame({"image_id": ids, "label": CLASSES * 30, "prediction": CLASSES * 30})
        rows.loc[rows["image_id"].isin(wrong), "prediction"] = "No_findings"
        return rows.sample(frac=1, random_state=1)

    return make


def test_a_sample_has_the_first_images_of_each_class_and_equally_many(held_out):
    found = chosen(held_out(), CLASSES)
    assert found == [f"{number:03d}" for number in range(SAMPLE)]


def test_every_missed_image_of_the_positive_class_comes_on_top(held_out):
    # 087 and 003 are Covid-19, the second in the sample anyway; 089 is Pneumonia.
    found = chosen(held_out("087", "003", "089"), CLASSES)
    assert found == [*(f"{number:03d}" for number in range(SAMPLE)), "087"]


def test_a_class_with_few_images_gives_what_it_has(held_out):
    rows = held_out()
    few = rows[(rows["label"] != "Pneumonia") | (rows["image_id"] == "089")]
    assert few["image_id"].isin(chosen(few, CLASSES)).sum() == 8 + 8 + 1
