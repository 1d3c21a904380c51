import pandas as pd
import pytest
from covid_xray.errors import DataError
from covid_xray.ingest.splits import limit, split


@pytest.fixture
def images():
    """Images of given counts per class, with ids that are in no particular order."""

    def make(**counts: int) -> pd.DataFrame:
        labels = [label.replace("_19", "-19") for label, n in counts.items() for _ in range(n)]
        ids = [f"{(7919 * i) % 1009:04d}" for i in range(len(labels))]
        return pd.DataFrame({"image_id": ids, "label": labels, "patient_id": ids})

    return make


def test_a_fifth_of_each_class_is_held_out(images, make_settings):
    rows = split(images(Covid_19=20, No_findings=50, Pneumonia=30), make_settings())
    binary = rows[rows["task"] == "binary"]
    held_out = binary[binary["fold"] == 0]["label"].value_counts()
    assert held_out.to_dict() == {"Covid-19": 4, "No_findings": 10}
    assert binary["fold"].isna().sum() == 56
    assert set(rows[rows["task"] == "multiclass"]["label"]) == {"Covid-19", "No_findings", "Pneumonia"}


def test_the_order_of_the_files_does_not_matter(images, make_settings):
    given = images(Covid_19=20, No_findings=20)
    one = split(given, make_settings())
    other = split(given.sample(frac=1, random_state=3), make_settings())
    pd.testing.assert_frame_equal(one, other)


def test_another_seed_draws_another_split_and_each_repeat_its_own(images, make_settings):
    given = images(Covid_19=20, No_findings=20)

    def held_out(repeat=0, **changes):
        rows = split(given, make_settings(repeats=2, **changes))
        rows = rows[(rows["repeat"] == repeat) & (rows["fold"] == 0)]
        return set(rows["image_id"])

    assert held_out(seed=1) == held_out(seed=1)
    assert held_out(seed=1) != held_out(seed=5)
    assert held_out(repeat=1, seed=1) == held_out(repeat=0, seed=2)


def test_a_limit_keeps_the_first_images_of_each_class_by_id(images, make_settings):
    given = images(Covid_19=20, No_findings=9)
    kept = limit(given, 10)
    covid = given[given["label"] == "Covid-19"]["image_id"]
    assert sorted(kept[kept["label"] == "Covid-19"]["image_id"]) == sorted(covid)[:10]
    assert (kept["label"] == "No_findings").sum() == 9
    assert len(split(given, make_settings(limit_per_class=8))) == 16


def test_a_task_without_one_of_its_classes_is_left_out(images, make_settings):
    assert set(split(images(Covid_19=10, No_findings=10), make_settings())["task"]) == {"binary"}


@pytest.mark.parametrize("few", [1, 2])
def test_too_few_images_of_a_class_are_named(images, make_settings, few):
    with pytest.raises(DataError, match=f"class Covid-19 has only {few} usable images"):
        split(images(Covid_19=few, No_findings=40), make_settings())


def test_no_images_at_all_are_refused(images, make_settings):
    with pytest.raises(DataError, match="no task has images"):
        split(images(), make_settings())
