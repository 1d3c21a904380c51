"""What a page says of results on images from elsewhere."""

from dataclasses import replace

import pandas as pd
from covid_xray.evaluation.contrast import AUROC, FALSE_POSITIVES
from covid_xray.evaluation.metrics import shown_in
from covid_xray.evaluation.results_model import ProtocolResult, Value
from covid_xray.stages.report.page import stacked

from tests.unit.covid_xray.stages.report.conftest import CLASSES


def test_results_on_images_from_elsewhere_replace_the_notice_that_there_are_none(
    page, make_result, make_protocol_result
):
    by_protocol = {"patient_grouped": make_protocol_result(), "external": make_protocol_result(0.4)}
    html = page(make_result(by_protocol=by_protocol))
    assert "No external validation" not in html and "40.0 (64.0 to 94.8)" in html.split('id="external"')[1]


def test_external_figures_without_images_of_a_class_come_with_what_they_mean(
    page, make_result, make_protocol_result
):
    external = make_protocol_result(0.4)
    negatives = replace(external, held_out=external.held_out[external.held_out["label"] == "No_findings"])
    by_protocol = {"patient_grouped": external, "external": negatives}
    html = page(make_result(by_protocol=by_protocol)).split('id="external"')[1]
    assert (
        "VGG16 binary: no image is of Covid-19, so nothing is known of its recall, there is no AUROC" in html
    )
    assert "the accuracy is the recall of No_findings alone" in html
    whole = page(make_result(by_protocol={"patient_grouped": external, "external": external}))
    assert "no image is of" not in whole


def test_external_images_of_unknown_patients_are_counted(page, make_result, make_protocol_result):
    external = make_protocol_result(0.4)
    alone = external.held_out.replace({"patient_id": {"p3": "image-0123456789ab"}})
    by_protocol = {"patient_grouped": external, "external": replace(external, held_out=alone)}
    text = "VGG16 binary: of 1 of these images the patient is unknown"
    assert text in page(make_result(by_protocol=by_protocol))
    assert text not in page(make_result(by_protocol=by_protocol | {"external": external}))


def test_a_baseline_on_the_same_images_stands_beneath_the_network(page, make_result, make_protocol_result):
    inside, external = make_protocol_result(), make_protocol_result(0.4)
    network = make_result(by_protocol={"patient_grouped": inside, "external": external})
    beside = {"patient_grouped": inside, "external": make_protocol_result(0.75)}
    baseline = make_result("border", weights="", kind="baseline", by_protocol=beside)
    part = page(network, baseline).split('id="external"')[1]
    row = part.split('<tr class="baseline"><th scope="row">border</th>')[1].split("</tr>")[0]
    assert "75.0 (64.0 to 94.8)" in row and "Baselines, in italics, were fitted on the same images" in part
    assert "border binary, images from elsewhere" not in part
    others = replace(beside["external"], held_out=external.held_out[1:])
    elsewhere = replace(baseline, by_protocol=beside | {"external": others})
    assert ">border<" not in page(network, elsewhere).split('id="external"')[1].split("</table>")[0]


def test_calibration_on_images_from_elsewhere_is_folded_away(page, make_result, make_protocol_result):
    inside, external = make_protocol_result(), make_protocol_result(0.4)
    html = page(make_result(by_protocol={"patient_grouped": inside, "external": external}))
    part = html.split("<summary>VGG16 binary: calibration on images from elsewhere</summary>")[1]
    rows = part.split("</details>")[0].split('<th scope="row">')[1:]
    assert len(rows) == 10 and rows[0].startswith("0 to 10</th>") and ">0<" in rows[0]
    # The fixture's probabilities are 20 to 29 % where another class is named, else 70 to 79 %.
    assert ">9</td>" in rows[2] and ">11.1 (2.0 to 43.5)<" in rows[2]
    assert ">11</td>" in rows[7] and ">81.8 (52.3 to 94.9)<" in rows[7]
    assert "<details>" not in page(make_result()).split('id="results"')[1].split("</section>")[0]


def test_a_contrast_stands_beside_what_the_same_model_reaches_inside(page, make_result, make_protocol_result):
    values = {AUROC: Value(0.62, 0.53, 0.71, 122, 105), FALSE_POSITIVES: Value(0.61, 0.45, 0.76, 38, 38)}
    contrast = ProtocolResult({}, {"Other": values}, pd.DataFrame({"label": [], "patient_id": []}))
    inside = make_protocol_result(0.9)
    own = {
        **inside.per_class,
        "Covid-19": {**inside.per_class["Covid-19"], "auroc": Value(0.99, 0.98, 1, 20)},
    }
    by_protocol = {"patient_grouped": replace(inside, per_class=own), "contrast": contrast}
    html = page(make_result(by_protocol=by_protocol))
    cells = html.split('id="external"')[1].split('<th scope="row">VGG16</th>')[1].split("</tr>")[0]
    assert "<td>Other</td>" in cells and "0.620 (0.530 to 0.710)" in cells
    assert "0.990 (0.980 to 1.000)" in cells
    assert "61.0 (45.0 to 76.0)" in cells and ">122<" in cells and ">105<" in cells
    top = html.split("<nav")[0]
    assert 'class="warning verdict"' in top and "tells Covid-19 from Other with an AUROC of 0.620" in top
    assert "it should not be used to tell Covid-19." in top


def test_predictive_values_are_withheld_where_other_images_contradict_the_figures(
    page, make_result, make_protocol_result
):
    inside = make_protocol_result(0.9)
    value = Value(0.77, 0.7, 0.8, 20)
    own = {"Covid-19": {**inside.per_class["Covid-19"], shown_in("screening")[-1].name: value}}
    shown = {"patient_grouped": replace(inside, per_class=own)}
    worse = {"Covid-19": {"auroc": Value(0.4, 0.3, 0.55, 20)}}
    told = shown | {"external": replace(inside, per_class=worse)}
    written = stacked("77.0 (70.0 to 80.0)")
    assert written in page(make_result(by_protocol=shown))
    html = page(make_result(by_protocol=told))
    assert written not in html and "in use these values would not be reached" in html
    assert "no better than chance" in html.split("<nav")[0]


def test_external_results_have_specificity_confusion_images_and_patients_beside_the_inside(
    page, make_result, make_protocol_result
):
    inside = make_protocol_result(0.9)
    values = {"specificity": Value(0.31, 0.2, 0.4, 10), "auroc": Value(0.7, 0.6, 0.8, 20)}
    external = replace(
        make_protocol_result(0.4, right=(9, 3)),
        per_class={"Covid-19": {**inside.per_class["Covid-19"], **values}},
    )
    html = page(make_result(by_protocol={"patient_grouped": inside, "external": external}))
    part = html.split('id="external"')[1]
    cells = part.split('<th scope="row">VGG16</th>')[1].split("</tr>")[0]
    assert "31.0 (20.0 to 40.0)" in cells and "0.700 (0.600 to 0.800)" in cells
    assert ">20</td>" in cells and ">18</td>" in cells
    matrix = part.split("a column a prediction.")[1]
    first, second = (matrix.split(f'<th scope="row">{name}</th>')[1].split("</tr>")[0] for name in CLASSES)
    assert ">9<" in first and ">1<" in first and ">7<" in second and ">3<" in second
