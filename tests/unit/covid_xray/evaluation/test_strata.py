"""Strata of known truth: one at chance among others that are told without fail."""

import numpy as np
import pandas as pd
import pytest
from covid_xray.evaluation.contrast import OTHERS, against_all_others
from covid_xray.evaluation.strata import age_band, any_known, known_under, strata, strata_rows

CLASSES = ("Covid-19", "No_findings")


@pytest.fixture
def images() -> pd.DataFrame:
    """120 images, one a patient: 40 of each of three views, sexes in turn, all of one source."""
    ids = [f"{number:03}" for number in range(120)]
    views = np.repeat(["PA", "AP", "AP supine"], 40)
    ages = [None if number % 4 == 0 else 30 + number % 3 for number in range(120)]
    sexes = np.tile(["F", "F", "M", "M"], 30)
    return pd.DataFrame({"image_id": ids, "view": views, "sex": sexes, "age": ages, "source": "Mercy"})


@pytest.fixture
def predictions(images) -> pd.DataFrame:
    """Right for all images but those of the view AP supine, for which they are drawn; in two repeats."""
    random = np.random.default_rng(5)
    parts = []
    for repeat in range(2):
        label = np.tile(CLASSES, 60)
        right = np.where(label == CLASSES[0], 0.9, 0.1) + random.uniform(-0.05, 0.05, 120)
        first = np.where(images["view"] == "AP supine", random.uniform(0, 1, 120), right)
        part = pd.DataFrame({"label": label, "prediction": np.where(first > 0.5, *CLASSES)})
        ids = images["image_id"]
        parts.append(
            part.assign(
                image_id=ids,
                patient_id="p" + ids,
                repeat=repeat,
                fold=np.arange(120) // 2 % 3,
                probability=[[p, 1 - p] for p in first],
                task="binary",
                protocol="patient_grouped",
            )
        )
    return pd.concat(parts, ignore_index=True)


def found(predictions, images):
    return {
        (one.attribute, one.stratum, one.estimate.metric): one.estimate
        for one in strata(predictions, images, CLASSES, 200, 1)
    }


def test_a_stratum_at_chance_is_found_among_others_without_an_error(predictions, images):
    estimates = found(predictions, images)
    for view in ("PA", "AP"):
        assert [estimates["view", view, name].value for name in ("accuracy", "recall", "auroc")] == [1, 1, 1]
    supine = estimates["view", "AP supine", "auroc"]
    assert supine.ci_low < 0.5 < supine.ci_high and supine.ci_high < estimates["view", "PA", "auroc"].ci_low
    accuracy = estimates["view", "AP supine", "accuracy"]
    assert (accuracy.n, accuracy.n_patients) == (40, 40)
    assert estimates["view", "AP supine", "recall"].n == 20
    assert estimates["view", "AP supine", "recall"].class_ == "Covid-19"


def test_strata_are_in_a_fixed_order_and_one_that_holds_all_images_is_none(predictions, images):
    names = list(dict.fromkeys(key[:2] for key in found(predictions, images)))
    assert names == [
        *(("view", view) for view in ("PA", "AP", "AP supine")),
        *(("sex", sex) for sex in ("F", "M")),
        ("age", "18-39"),
    ]


def test_strata_of_fewer_than_ten_images_are_left_out_whatever_the_repeats(predictions, images):
    images.loc[:8, "source"] = "County"
    assert not {key for key in found(predictions, images) if key[1] == "County"}
    images.loc[:9, "source"] = "County"
    assert found(predictions, images)["source", "County", "accuracy"].n == 10


@pytest.mark.filterwarnings("error")
def test_a_stratum_of_one_class_has_no_auroc_and_warns_nobody(predictions, images):
    # All right, so that there is one class among the predictions, too.
    images["sex"] = np.where(images["view"] == "AP supine", None, np.tile(["F", "M"], 60))
    estimates = found(predictions, images)
    assert ("sex", "F", "recall") in estimates and ("sex", "F", "auroc") not in estimates
    assert ("sex", "M", "accuracy") in estimates and ("sex", "M", "recall") not in estimates


def test_where_nothing_is_known_there_are_no_strata(predictions, images):
    unknown = images[["image_id"]].assign(source=None)
    assert not found(predictions, unknown) and not any_known(unknown) and any_known(images)


def test_rows_name_the_network_and_what_they_are_of(predictions, images, make_settings):
    settings = make_settings(bootstrap_resamples=100)
    first = strata_rows("r1", "VGG16", predictions, images, settings)[0]
    assert (first["run_id"], first["kind"], first["backbone"]) == ("r1", "backbone", "VGG16")
    assert (first["task"], first["protocol"]) == ("binary", "patient_grouped")
    assert (first["attribute"], first["stratum"], first["metric"]) == ("view", "PA", "accuracy")
    assert (first["class"], first["value"], first["n"]) == (None, 1.0, 40)


def test_a_contrast_has_strata_of_its_positive_class_against_all_others(predictions, images, make_settings):
    named = predictions["label"].where(predictions["label"] == CLASSES[0], "Other_pneumonia")
    two_classes = against_all_others(predictions.assign(label=named), CLASSES[0])
    settings = make_settings(bootstrap_resamples=100)
    rows = strata_rows("r1", "VGG16", two_classes, images, settings, OTHERS)
    values = {(row["stratum"], row["metric"]): row["value"] for row in rows}
    assert values["PA", "auroc"] == 1 and 0.2 < values["AP supine", "auroc"] < 0.8
    assert {row["class"] for row in rows} == {None, CLASSES[0]}


@pytest.mark.parametrize(
    ("years", "band"),
    [(0, "0-17"), (17, "0-17"), (18, "18-39"), (40.0, "40-59"), (60, "60-74"), (75, "75+"), (90, "75+")],
)
def test_ages_have_five_bands(years, band):
    assert age_band(years) == band


def test_held_out_images_are_grouped_under_the_strictest_protocol_and_by_source_where_sources_were_held_out(
    images,
):
    one = list(known_under({"as_published", "patient_grouped"}, images))
    assert [protocol for protocol, _ in one] == ["patient_grouped"] and one[0][1] is images
    both = dict(known_under({"as_published", "leave_one_source_out"}, images))
    assert list(both) == ["as_published", "leave_one_source_out"]
    assert list(both["leave_one_source_out"]) == ["image_id", "source"]


def test_each_source_that_was_left_out_has_rows_however_few_images_it_has(predictions, images, make_settings):
    images.loc[:3, "source"] = "County"
    left_out = predictions[predictions["repeat"] == 0].assign(protocol="leave_one_source_out")
    known = dict(known_under({"patient_grouped", "leave_one_source_out"}, images))["leave_one_source_out"]
    rows = strata_rows("r1", "VGG16", left_out, known, make_settings(bootstrap_resamples=100))
    accuracies = {row["stratum"]: row["n"] for row in rows if row["metric"] == "accuracy"}
    assert accuracies == {"County": 4, "Mercy": 116} and {row["attribute"] for row in rows} == {"source"}
