"""What a page counts, and which rows of `runs` differ in `preprocessing` alone."""

import pandas as pd
import pytest
from covid_xray.stages.report.collect import (
    count_classes,
    count_near_duplicates,
    count_sources,
    count_used,
    pairs_of_variants,
)
from covid_xray.stages.report.values import UNKNOWN, Counts, Flow, NearDuplicatePair, NearDuplicates


def test_images_are_counted_by_class_and_source_unless_no_source_is_known():
    images = pd.DataFrame({"label": ["A", "A", "B", "B"], "source": ["x", "x", "y", None]})
    assert count_sources(images) == {"A": {"x": 2}, "B": {"y": 1, UNKNOWN: 1}}
    assert count_sources(images.assign(source=None)) == {}


@pytest.fixture
def row(make_settings):
    """A success; settings are changed by name."""

    def make(backbone="VGG16", task="binary", weights_id="w", status="succeeded", **changes):
        about = {"run_id": "r", "backbone": backbone, "task": task, "weights_id": weights_id}
        return about | {"status": status, "settings": make_settings(**changes).model_dump_json()}

    return make


def test_a_variant_has_the_other_preprocessing_and_all_else_alike(row):
    own, other = row(), row(preprocessing="lungs")
    assert pairs_of_variants([own], [own, other]) == [(own, other)]
    assert pairs_of_variants([other], [own, other]) == [(other, own)]


def test_how_the_work_is_cut_up_makes_no_difference(row):
    own, other = row(), row(preprocessing="lungs", **{"execution.batch_size": 3})
    assert pairs_of_variants([own], [other]) == [(own, other)]


@pytest.mark.parametrize(
    "change",
    [
        {"backbone": "VGG19"},
        {"task": "multiclass"},
        {"weights_id": "others"},
        {"seed": 1},
        {"limit_per_class": 60},
        {"patient_grouped.folds": 3},
    ],
)
def test_what_differs_in_anything_else_is_none(row, change):
    assert pairs_of_variants([row()], [row(preprocessing="lungs", **change)]) == []


def test_equal_preprocessing_is_no_variant_and_a_failure_has_none(row):
    assert pairs_of_variants([row()], [row()]) == []
    assert pairs_of_variants([row(status="failed")], [row(preprocessing="lungs")]) == []


@pytest.fixture
def patients():
    """Patient p has images of both classes, all of class A held out; q is held out whole, r not at all."""
    rows = [("A", "p", 2, 2), ("B", "p", 3, 1), ("A", "q", 4, 4), ("B", "r", 5, 0)]
    columns = ["label", "patient_id", "images", "held_out"]
    binary = pd.DataFrame(rows, columns=columns).assign(task="binary")
    # A task of more classes, in which other images are held out.
    multiclass = binary.assign(task="multiclass", held_out=[0, 3, 4, 0])
    third = pd.DataFrame([("C", "q", 1, 0)], columns=columns).assign(task="multiclass")
    return pd.concat([binary, multiclass, third], ignore_index=True)


def test_held_out_images_are_counted_as_shared_where_their_patient_is_in_training_in_any_class(patients):
    assert count_classes(patients) == [
        Counts("binary", "A", images=6, patients=2, held_out=6, shared=2),
        Counts("binary", "B", images=8, patients=2, held_out=1, shared=1),
        Counts("multiclass", "A", images=6, patients=2, held_out=4, shared=4),
        Counts("multiclass", "B", images=8, patients=2, held_out=3, shared=3),
        Counts("multiclass", "C", images=1, patients=1, held_out=0, shared=0),
    ]


def test_images_of_several_tasks_are_counted_once(patients):
    flow = Flow({"blank": 2}, used=15, patients=3, in_two_classes=2)
    # Of a run of an earlier version, which counted no rows.
    assert count_used(patients, {"blank": 2}, {"patient_rows": None}) == flow


def test_images_of_unknown_patients_and_rows_without_an_image_are_counted(patients):
    alone = patients.replace({"patient_id": {"r": "image-0123456789ab"}})
    unknown = {(count.task, count.label): count.unknown for count in count_classes(alone)}
    of_r = patients[patients["patient_id"] == "r"].groupby(["task", "label"])["images"].sum().to_dict()
    assert {at: count for at, count in unknown.items() if count} == of_r
    flow = count_used(alone, {}, {"patient_rows": 8, "unmatched_patient_rows": 3})
    assert (flow.unknown, flow.rows, flow.unmatched) == (5, 8, 3)


def test_near_duplicates_are_counted_by_whether_they_are_of_one_patient():
    def pair(number, other_patient, similarity):
        own = {
            "found": "pair",
            "path": f"{number}.png",
            "label": "A",
            "patient_id": "p",
            "similarity": similarity,
        }
        other = {"path": "x.png", "label": "B", "patient_id": other_patient}
        return own | {f"other_{name}": value for name, value in other.items()}

    rows = pd.DataFrame([pair(1, "q", 0.94), pair(2, "p", 0.99), pair(3, "r", 0.97)])
    found = count_near_duplicates(rows)
    assert (found.pairs, found.apart, found.too_alike) == (3, 2, False)
    assert found.listed == (
        NearDuplicatePair("3.png", "A", "x.png", "B", 0.97),
        NearDuplicatePair("1.png", "A", "x.png", "B", 0.94),
    )
    many = count_near_duplicates(pd.DataFrame([pair(number, "q", 0.95) for number in range(30)]))
    assert (many.apart, len(many.listed)) == (30, 20)


@pytest.mark.parametrize(("found", "too_alike"), [("none", False), ("too_alike", True)])
def test_that_none_were_found_is_told_from_that_nobody_looked(found, too_alike):
    columns = ["found", "patient_id", "other_patient_id", "path", "label", "other_path", "other_label"]
    rows = pd.DataFrame([{"found": found}], columns=[*columns, "similarity"])
    assert count_near_duplicates(rows) == NearDuplicates(too_alike=too_alike)
    assert count_near_duplicates(rows.head(0)) is None
