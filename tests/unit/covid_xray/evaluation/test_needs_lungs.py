"""Whether the lungs are needed is told right where images are made so that it is known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from covid_xray.evaluation.folds import Folds, with_predictions
from covid_xray.evaluation.margin import Margin
from covid_xray.evaluation.metrics import estimates
from covid_xray.evaluation.needs_lungs import BLANKED, WithoutLungs, without_lungs
from covid_xray.evaluation.results_model import Comparison, ProtocolResult, Result, Value
from covid_xray.evaluation.splits import split
from covid_xray.evaluation.verdict import verdict
from covid_xray.features.preprocessing import input_of
from logistic.feature_rows import FeatureRows
from logistic.row_space import fit_rows, gram, probabilities
from PIL import Image
from radiograph import as_png
from radiograph.lungs import LUNG_BOX
from sparkdl.images import to_input

CLASSES = ("Covid-19", "No_findings")
SIDE, A_CLASS = 40, 30


@pytest.fixture
def made():
    """Noise, brighter in one class only within the lung box, or only around it."""

    def make(in_box: bool) -> pd.DataFrame:
        random = np.random.default_rng(5)
        box = np.zeros((SIDE, SIDE), bool)
        rows = slice(round(SIDE * LUNG_BOX.top), round(SIDE * LUNG_BOX.bottom))
        box[rows, round(SIDE * LUNG_BOX.left) : round(SIDE * LUNG_BOX.right)] = True
        images = []
        for number in range(2 * A_CLASS):
            pixels = random.integers(60, 160, (SIDE, SIDE))
            pixels[box == in_box] += 40 * (number % 2)
            file = as_png(Image.fromarray(pixels.astype(np.uint8)))
            images.append({"image_id": f"{number:03}", "label": CLASSES[number % 2], "file": file})
        return pd.DataFrame(images).assign(source=None, patient_id=[f"p{n}" for n in range(2 * A_CLASS)])

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
    return verdict(whole, baseline, without_lungs(whole, [whole, blanked], []))


def test_a_label_that_is_only_in_the_border_does_not_need_the_lungs(made, measured):
    assert "does not need the lungs" in judge(made(in_box=False), measured).text


def test_a_label_that_is_only_in_the_lung_box_needs_the_lungs(made, measured):
    assert "does not need the lungs" not in judge(made(in_box=True), measured).text


@pytest.mark.parametrize(
    ("whole", "low", "blanked", "needed"),
    [
        (0.98, 0.97, 0.98, False),
        (0.98, 0.97, 0.99, False),
        # Nine tenths of 0.3 above guessing are left.
        (0.90, 0.85, 0.875, False),
        (0.90, 0.85, 0.86, True),
        (0.90, 0.85, 0.60, True),
        # It may do no more than guess.
        (0.65, 0.60, 0.65, True),
        (0.65, None, 0.65, True),
    ],
)
def test_they_are_not_needed_where_nine_tenths_are_left_of_what_is_more_than_guessing(
    whole, low, blanked, needed
):
    found = WithoutLungs("VGG16", Value(whole, low, 1.0, 100), Value(blanked, 0.0, 1.0, 100), guessing=0.6)
    assert found.needed == needed


@pytest.mark.parametrize(("low", "words"), [(-0.01, "does not need the lungs"), (0.01, "hardly needs the")])
def test_a_small_loss_that_is_no_chance_is_said_otherwise(made, measured, low, words):
    whole, blanked = (measured(made(in_box=False), kind) for kind in ("backbone", BLANKED))
    pair = ("binary", "patient_grouped", "VGG16", "VGG16", BLANKED)
    lost = Comparison(*pair, 0.02, low, 0.03, 3, 1, 0.5, 0.5)
    other = replace(lost, protocol="as_published", ci_low=0.01)
    assert words in without_lungs(whole, [whole, blanked], [other, lost]).clause
