"""Whether the lungs are needed is told right where images are made so that it is known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from covid_xray.evaluation.folds import Folds, with_predictions
from covid_xray.evaluation.margin import Margin
from covid_xray.evaluation.metrics import difference, estimates
from covid_xray.evaluation.needs_lungs import BLANKED, WithoutLungs, without_lungs
from covid_xray.evaluation.results_model import Comparison, ProtocolResult, Result, Value
from covid_xray.evaluation.splits import split
from covid_xray.evaluation.verdict import verdict
from covid_xray.features.pictures import input_of
from logistic.feature_rows import FeatureRows
from logistic.row_space import fit_rows, gram, probabilities
from PIL import Image
from radiograph import as_png
from radiograph.lungs import LUNG_BOX
from sparkdl.images import to_input

CLASSES = ("Covid-19", "No_findings")
SIDE, A_CLASS = 40, 45


@pytest.fixture
def made():
    """Noise, brighter in one class only within the lung box, or only around it."""

    def make(in_box: bool, of_class: int = A_CLASS) -> pd.DataFrame:
        random = np.random.default_rng(5)
        box = np.zeros((SIDE, SIDE), bool)
        rows = slice(round(SIDE * LUNG_BOX.top), round(SIDE * LUNG_BOX.bottom))
        box[rows, round(SIDE * LUNG_BOX.left) : round(SIDE * LUNG_BOX.right)] = True
        images = []
        for number in range(2 * of_class):
            pixels = random.integers(60, 160, (SIDE, SIDE))
            pixels[box == in_box] += 40 * (number % 2)
            file = as_png(Image.fromarray(pixels.astype(np.uint8)))
            images.append({"image_id": f"{number:03}", "label": CLASSES[number % 2], "file": file})
        return pd.DataFrame(images).assign(source=None, patient_id=[f"p{n}" for n in range(2 * of_class)])

    return make


@pytest.fixture
def measured(make_settings):
    """Cross-validate classifiers on the pixels of what a network is shown."""

    def measure(images: pd.DataFrame, kind: str) -> Result:
        settings = make_settings(**{"patient_grouped.repeats": 1, "repeats": 1})
        drawn = split(images.drop(columns="file"), settings)
        folds = Folds.of(drawn.query("task == 'binary' and protocol == 'patient_grouped'"), settings.tasks)
        shown = [file if kind == "backbone" else input_of(file, kind) for file in images["file"]]
        pixels = [to_input(one, 16, "SCALE_AREA_AVERAGING").ravel() for one in shown]
        inner = gram(FeatureRows.in_order(np.stack(pixels).astype(np.float32)))
        parts = [_held_out(folds, fit, inner) for fit in folds.fits]
        held_out = pd.concat(parts)
        found = estimates(held_out, CLASSES, 200, seed=1)
        overall = {e.metric: Value(e.value, e.ci_low, e.ci_high, e.n) for e in found if e.class_ is None}
        of_protocol = {"patient_grouped": ProtocolResult(overall, {}, held_out)}
        about = {"name": "VGG16", "task": "binary", "classes": CLASSES, "run_id": "r"}
        return Result(kind, **about, status="succeeded", by_protocol=of_protocol)

    return measure


def _held_out(folds, fit, inner):
    training, shown = (np.flatnonzero(rows(folds.labels)) for rows in (fit.training, fit.held_out))
    codes = folds.labels.codes[training, 0].astype(np.int64)
    fitted = fit_rows(inner, training, codes, 2, penalty=1000.0)
    probability = probabilities(fitted, inner, shown)
    images = folds.images.iloc[shown].assign(repeat=0, fold=fit.fold)
    return with_predictions(images, CLASSES, probability)


def judge(images, measured):
    whole, blanked = measured(images, "backbone"), measured(images, BLANKED)
    baseline = Margin("majority", "the shares", 0.5, 0.5, 0.3)
    return verdict(whole, baseline, without_lungs(whole, [whole, blanked], [compared(whole, blanked)]))


def compared(whole, blanked):
    held_out = (result.by_protocol["patient_grouped"].held_out for result in (whole, blanked))
    found = difference(*held_out, 200, seed=1)
    return lost(found.value, found.ci_low, found.ci_high)


def lost(points=0.02, low=-0.01, high=0.03):
    return Comparison(
        "binary", "patient_grouped", "VGG16", "VGG16", BLANKED, points, low, high, 3, 1, 0.5, 0.5
    )


def test_a_label_that_is_only_in_the_border_does_not_need_the_lungs(made, measured):
    assert "does not need the lungs" in judge(made(in_box=False), measured).text


def test_a_label_that_is_only_in_the_lung_box_needs_the_lungs(made, measured):
    found = judge(made(in_box=True), measured)
    assert "does not need the lungs" not in found.text and found.against == ""
    assert "without the lungs it loses " in found.text and "percentage points" in found.text


def test_few_images_do_not_tell_though_all_of_them_are_right_without_the_lungs(made, measured):
    found = judge(made(in_box=False, of_class=10), measured)
    assert "reaches 100.0 %, with them 100.0 %: these are too few images to tell" in found.text
    assert found.against == ""


def without(whole=0.90, low=0.85, guessing=0.6, loss=None):
    return WithoutLungs("VGG16", Value(whole, low, 1.0, 100), Value(0.88, 0.8, 0.9, 100), guessing, loss)


NOT_NEEDED, HARDLY = "does not need the lungs", "hardly needs the lungs"
TOO_FEW = "too few images to tell whether it needs the lungs"


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        # Nine tenths of 0.3 above guessing are left, to the end of the interval.
        (lost(0.01, -0.01, 0.0299), NOT_NEEDED),
        (lost(-0.01, -0.02, -0.001), NOT_NEEDED),
        (lost(0.02, 0.01, 0.0299), HARDLY),
        (lost(0.02, -0.01, 0.031), TOO_FEW),
        (lost(-0.02, -0.1, 0.06), TOO_FEW),
        (lost(0.02, 0.005, 0.035), "without the lungs it loses 2.0 (0.5 to 3.5) percentage points"),
        (lost(0.30, 0.25, 0.35), "without the lungs it loses 30.0 (25.0 to 35.0) percentage points"),
    ],
)
def test_they_are_not_needed_where_nine_tenths_are_left_of_what_is_more_than_guessing(loss, words):
    found = without(loss=loss)
    assert found.clause.endswith(words)
    assert found.not_needed == (words in (NOT_NEEDED, HARDLY))


@pytest.mark.parametrize("low", [0.6, None])
def test_what_does_no_more_than_guess_loses_nothing(low):
    found = without(0.65, low, loss=lost(0.0, -0.001, 0.001))
    assert not found.not_needed and found.clause.endswith("that is not clearly more than guessing")


def test_the_loss_is_that_of_its_own_protocol_and_without_one_nothing_is_known(made, measured):
    whole, blanked = (measured(made(in_box=False), kind) for kind in ("backbone", BLANKED))
    other = replace(lost(), protocol="as_published")
    assert without_lungs(whole, [whole, blanked], [other, lost()]).loss == lost()
    assert without_lungs(whole, [whole, blanked], [other]) is None
