import pandas as pd
import pytest
from covid_xray.errors import DataError
from covid_xray.evaluation.protocols import AS_PUBLISHED, LEAVE_ONE_SOURCE_OUT, PATIENT_GROUPED
from covid_xray.evaluation.splits import (
    check_all_classes_present,
    check_no_leaks,
    check_sources_known,
    limit,
    split,
)


@pytest.fixture
def images():
    """Images of given counts per class, with ids that are in no particular order."""

    def make(images_a_patient=1, **counts: int) -> pd.DataFrame:
        labels = [label.replace("_19", "-19") for label, n in counts.items() for _ in range(n)]
        ids = [f"{(7919 * i) % 1009:04d}" for i in range(len(labels))]
        patients = [f"p{i // images_a_patient}" for i in range(len(labels))]
        return pd.DataFrame({"image_id": ids, "label": labels, "patient_id": patients, "source": None})

    return make


@pytest.fixture
def make_settings(make_settings):
    """One split of each protocol, unless a test says otherwise."""

    def make(**changes):
        return make_settings(**{"repeats": 1, "patient_grouped.repeats": 1} | changes)

    return make


def test_a_fifth_of_each_class_is_held_out(images, make_settings):
    rows = split(images(Covid_19=20, No_findings=50, Pneumonia=30), make_settings())
    binary = rows[(rows["task"] == "binary") & (rows["protocol"] == AS_PUBLISHED)]
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
        drawn = (rows["protocol"] == AS_PUBLISHED) & (rows["repeat"] == repeat)
        rows = rows[drawn & (rows["fold"] == 0)]
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
    rows = split(given, make_settings(limit_per_class=8))
    assert rows.groupby("protocol")["image_id"].nunique().tolist() == [16, 16]


def test_a_task_without_one_of_its_classes_is_left_out(images, make_settings):
    assert set(split(images(Covid_19=10, No_findings=10), make_settings())["task"]) == {"binary"}


@pytest.mark.parametrize("few", [1, 2])
def test_too_few_images_of_a_class_are_named(images, make_settings, few):
    with pytest.raises(DataError, match=f"class Covid-19 has only {few} usable image{'s' * (few > 1)}, "):
        split(images(Covid_19=few, No_findings=40), make_settings())


@pytest.mark.parametrize(
    ("folder", "refused", "says"),
    [
        ("Pneumonia", 2, "all 2 files in .*Pneumonia were refused"),
        ("Pneumonia", 0, ".*Pneumonia is empty"),
        ("Pneumonias", 0, "{root} has Covid-19, Pneumonias"),
    ],
)
def test_a_class_without_images_is_named_with_what_is_in_its_place(images, tmp_path, folder, refused, says):
    for name in ("Covid-19", folder):
        (tmp_path / name).mkdir()
    files = images(Covid_19=3, Pneumonia=refused)
    there = f"class Pneumonia: {says.format(root=tmp_path)}"
    with pytest.raises(DataError, match=there):
        check_all_classes_present(files, files[:3], tmp_path, "multiclass", ["Covid-19", "Pneumonia"])


def test_a_task_with_images_of_all_its_classes_is_not_refused(images, tmp_path):
    files = images(Covid_19=1, Pneumonia=1)
    check_all_classes_present(files, files, tmp_path, "multiclass", ["Covid-19", "Pneumonia"])


def test_no_images_at_all_are_refused(images, make_settings):
    with pytest.raises(DataError, match="no task has images"):
        split(images(), make_settings())


@pytest.fixture
def grouped(images, make_settings):
    """Splits by patient of 60 images, some patients of which stand in both classes."""

    def make(folds=3, repeats=2, images_a_patient=4, **counts):
        given = images(images_a_patient, **(counts or {"Covid_19": 18, "No_findings": 42}))
        settings = make_settings(**{"patient_grouped.folds": folds, "patient_grouped.repeats": repeats})
        rows = split(given, settings)
        return rows[rows["protocol"] == PATIENT_GROUPED]

    return make


def test_every_image_is_held_out_once_in_each_repeat_and_no_patient_crosses_a_fold(grouped):
    rows = grouped()
    assert (rows.groupby(["repeat", "image_id"])["fold"].count() == 1).all()
    assert rows["fold"].notna().all() and set(rows["fold"]) == {0, 1, 2}
    assert (rows.groupby(["repeat", "patient_id"])["fold"].nunique() == 1).all()
    both = rows.groupby("patient_id")["label"].nunique()
    assert both.max() == 2, "a patient in both classes is among them"


def test_folds_hold_about_as_many_of_each_class(grouped):
    rows = grouped(images_a_patient=1)
    counts = rows[rows["repeat"] == 0].groupby(["fold", "label"]).size()
    assert set(counts) == {6, 14}


def test_each_repeat_draws_other_folds(grouped):
    rows = grouped()
    one, other = (rows[rows["repeat"] == r].set_index("image_id")["fold"] for r in (0, 1))
    assert (one != other.loc[one.index]).any()


def test_the_headline_protocol_can_be_left_out(images, make_settings):
    rows = split(images(Covid_19=9, No_findings=9), make_settings(**{"patient_grouped.repeats": 0}))
    assert set(rows["protocol"]) == {AS_PUBLISHED}


def test_a_class_with_fewer_patients_than_folds_is_named(images, make_settings):
    given = images(4, Covid_19=12, No_findings=60)
    with pytest.raises(DataError, match=r"class Covid-19 has images of only 3 patients, too few for 5 folds"):
        split(given, make_settings())


def test_a_patient_on_both_sides_is_found(grouped):
    rows = grouped()
    check_no_leaks(rows)
    first = rows.index[(rows["repeat"] == 1) & (rows["fold"] == 0)][0]
    rows.loc[first, "fold"] = 1
    with pytest.raises(DataError, match=f"repeat 1: patient {rows.loc[first, 'patient_id']} is in several"):
        check_no_leaks(rows)


def test_images_are_balanced_only_where_the_source_of_each_is_known(images, make_settings):
    given = images(Covid_19=20, No_findings=20).assign(source="one")
    balanced = make_settings(balance="source_class")
    check_sources_known(split(given, balanced), balanced)
    given.loc[:2, "source"] = None
    check_sources_known(split(given, make_settings()), make_settings())
    with pytest.raises(DataError, match="that of 3 of 40 is unknown: give it in a column source"):
        check_sources_known(split(given, balanced), balanced)


@pytest.fixture
def by_source(images, make_settings):
    """The rows of the splits by source of 90 images, each of one of three sources in turn."""

    def make(**changes):
        given = images(Covid_19=30, No_findings=30, Pneumonia=30)
        given["source"] = [("County", "Mercy", "Small")[number % 3] for number in range(90)]
        rows = split(given.assign(**changes), make_settings())
        return given, rows[rows["protocol"] == LEAVE_ONE_SOURCE_OUT]

    return make


def test_each_source_is_held_out_once_where_all_hold_every_class(by_source):
    _, rows = by_source()
    folds = rows[rows["task"] == "multiclass"]
    assert len(folds) == 90 and set(rows["task"]) == {"binary", "multiclass"} and set(rows["repeat"]) == {0}
    assert {tuple(pair) for pair in folds[["source", "fold"]].drop_duplicates().to_numpy()} == {
        ("County", 0),
        ("Mercy", 1),
        ("Small", 2),
    }
    check_no_leaks(rows)


def test_a_task_whose_sources_do_not_allow_it_has_no_splits_by_source(by_source, images, make_settings):
    given, _ = by_source()
    one_each = given["source"].where(given["label"] != "Pneumonia", "Small")
    assert set(by_source(source=one_each)[1]["task"]) == {"binary"}
    assert by_source(source=None)[1].empty


def test_a_patient_in_two_sources_is_found_among_splits_by_source(by_source):
    _, rows = by_source()
    rows = rows.assign(patient_id="p1")
    with pytest.raises(DataError, match=f"{LEAVE_ONE_SOURCE_OUT}, task binary, repeat 0: patient p1 is in"):
        check_no_leaks(rows)
