"""What pictures show is at hand as rows, and pictures are drawn from these rows."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pytest
from covid_xray.evaluation import forest, plots
from covid_xray.evaluation.contrast import AUROC
from covid_xray.evaluation.plot_data import (
    Count,
    Point,
    confusion_counts,
    curve_points,
    forest_rows,
    to_csv,
)
from covid_xray.evaluation.results_model import ProtocolResult, Result, Value

OWN, OTHER = "Covid-19", "No_findings"
HELD_OUT = pd.DataFrame(
    {
        "image_id": ["a", "b", "c", "d"],
        "label": [OWN, OWN, OTHER, OTHER],
        "prediction": [OWN, OTHER, OTHER, OTHER],
        "probability": [[0.9, 0.1], [0.4, 0.6], [0.3, 0.7], [0.1, 0.9]],
    }
)
NONE = HELD_OUT.iloc[:0]


@pytest.fixture
def result():
    def make(name="VGG16", kind="backbone", accuracy=0.9, low=0.8, **others) -> Result:
        own = {OWN: {"auroc": Value(0.99, 0.98, 1.0, 20)}}
        inside = ProtocolResult({"accuracy": Value(accuracy, low, low and 1.0, 20)}, own, HELD_OUT)
        about = {"kind": kind, "name": name, "task": "binary", "classes": (OWN, OTHER), "run_id": "r"}
        return Result(**about, status="succeeded", by_protocol={"patient_grouped": inside} | others)

    return make


def test_a_confusion_matrix_has_a_row_a_cell_none_left_out(result):
    assert confusion_counts(result()) == [
        Count(OWN, OWN, 1),
        Count(OWN, OTHER, 1),
        Count(OTHER, OWN, 0),
        Count(OTHER, OTHER, 2),
    ]


def test_curves_lie_between_0_and_1_and_begin_and_end_in_their_corners(result):
    points = curve_points(result())
    roc = [point for point in points if point.curve == "roc"]
    assert (roc[0].x, roc[0].y, roc[-1].x, roc[-1].y) == (0, 0, 1, 1)
    assert {point.curve for point in points} == {"roc", "precision_recall", "reliability"}
    assert all(0 <= end <= 1 for point in points for end in (point.x, point.y))
    # Nothing is positive of the two images with the lowest probabilities.
    assert [(p.x, p.y) for p in points if p.curve == "reliability"][:2] == [(0.1, 0), (0.3, 0)]


def test_a_forest_plot_has_accuracies_in_per_cent_the_best_first_and_areas_below(result):
    external = ProtocolResult({}, {OWN: {"auroc": Value(0.4, 0.3, 0.5, 9)}}, NONE)
    contrast = ProtocolResult({}, {"Other": {AUROC: Value(0.6, 0.5, 0.7, 9)}}, NONE)
    tried = result(external=external, contrast=contrast)
    rows = forest_rows([tried], [result("border", "baseline", 0.95)])
    assert [(row.kind, row.name, row.value, row.low, row.high) for row in rows] == [
        ("baseline", "border", 95.0, 80.0, 100.0),
        ("network", "VGG16", 90.0, 80.0, 100.0),
        ("network", "VGG16: its own images", 0.99, 0.98, 1.0),
        ("other images", "VGG16: images from elsewhere", 0.4, 0.3, 0.5),
        ("other images", "VGG16: from Other, contrast", 0.6, 0.5, 0.7),
    ]
    assert [row.protocol for row in rows[-2:]] == ["external", "contrast"]


def test_a_file_has_a_line_a_row_below_its_columns_and_an_empty_cell_for_no_interval(result):
    rows = forest_rows([result(low=None)], [])
    (line,) = csv.DictReader(io.StringIO(to_csv(rows)))
    assert line["quantity"] == "accuracy, %" and float(line["value"]) == 90.0 and line["low"] == ""
    assert to_csv([Point("roc", "VGG16", 0.0, 0.5)]) == "curve,classifier,x,y\nroc,VGG16,0.0,0.5\n"


def test_a_network_with_the_lungs_blanked_has_a_line_of_its_own_in_a_forest_plot(result):
    rows = forest_rows([result()], [result(kind="lungs_blanked")])
    assert [(row.kind, row.name) for row in rows if row.kind == "hidden"] == [
        ("hidden", "VGG16, lungs blanked")
    ]


@pytest.mark.parametrize(
    ("module", "rows", "draw"),
    [
        (plots, "confusion_counts", lambda found: plots.confusion_png(found)),
        (plots, "curve_points", lambda found: plots.curves_png([found])),
        (forest, "forest_rows", lambda found: forest.forest_png([found], [])),
    ],
)
def test_a_picture_is_drawn_from_the_rows_of_its_file(result, monkeypatch, module, rows, draw):
    before, own = draw(result()), getattr(module, rows)

    def halved(*given):
        return [
            row._replace(**{name: 0 for name in ("images", "y", "value") if name in row._fields})
            for row in own(*given)
        ]

    monkeypatch.setattr(module, rows, halved)
    assert draw(result()) != before
