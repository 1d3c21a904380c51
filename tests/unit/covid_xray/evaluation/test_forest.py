"""The headline picture has a row a classifier, and the networks' other images beneath."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from covid_xray.evaluation.contrast import AUROC
from covid_xray.evaluation.forest import forest_png
from covid_xray.evaluation.results_model import ProtocolResult, Result, Value
from PIL import Image

NONE = pd.DataFrame({"label": [], "prediction": [], "image_id": []})
ORANGE, BLUE = (0xD5, 0x5E, 0x00), (0x00, 0x72, 0xB2)


@pytest.fixture
def result():
    def make(name="VGG16", kind="backbone", accuracy=0.9, **others) -> Result:
        own = {"Covid-19": {"auroc": Value(0.99, 0.98, 1.0, 20)}}
        inside = ProtocolResult(
            {"accuracy": Value(accuracy, accuracy - 0.05, accuracy + 0.05, 20)}, own, NONE
        )
        by_protocol = {"patient_grouped": inside, "as_published": inside} | others
        about = {"kind": kind, "name": name, "task": "binary", "classes": ("Covid-19", "No_findings")}
        return Result(**about, run_id="r", status="succeeded", by_protocol=by_protocol)

    return make


def has(picture: bytes, colour: tuple[int, int, int]) -> bool:
    pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)
    return bool((np.abs(pixels - colour).sum(axis=2) < 12).any())


def height(picture: bytes) -> int:
    return Image.open(io.BytesIO(picture)).height


def test_it_grows_by_a_row_for_each_classifier_and_is_the_same_each_time(result):
    alone = forest_png([result()], [])
    both = forest_png([result()], [result("border", "baseline", 0.8)])
    assert height(both) > height(alone) and alone == forest_png([result()], [])
    assert has(alone, BLUE) and not has(alone, ORANGE)


def test_other_images_stand_beneath_in_a_colour_of_their_own(result):
    contrast = ProtocolResult({}, {"Other": {AUROC: Value(0.6, 0.5, 0.7, 9)}}, NONE)
    external = replace(contrast, per_class={"Covid-19": {"auroc": Value(0.4, 0.3, 0.5, 9)}})
    one = forest_png([result(contrast=contrast)], [])
    two = forest_png([result(contrast=contrast, external=external)], [])
    assert has(one, ORANGE) and height(two) > height(one) > height(forest_png([result()], []))


def test_a_baseline_stands_beneath_too_where_it_saw_the_images_that_a_network_did(result):
    external = ProtocolResult(
        {"accuracy": Value(0.5, 0.4, 0.6, 9)}, {"Covid-19": {"auroc": Value(0.6, 0.5, 0.7, 9)}}, NONE
    )
    others = replace(external, held_out=pd.DataFrame({"label": ["Covid-19"], "image_id": ["a"]}))
    network = result(external=external)
    bare, same, other = (
        forest_png([network], [result("border", "baseline", 0.8, **there)])
        for there in ({}, {"external": external}, {"external": others})
    )
    assert height(same) > height(bare) and other == bare


def test_a_value_without_an_interval_is_drawn(result):
    bare = ProtocolResult({"accuracy": Value(0.5, None, None, 3)}, {}, NONE)
    assert has(forest_png([replace(result(), by_protocol={"patient_grouped": bare})], []), BLUE)
