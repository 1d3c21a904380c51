"""Where a run has one of something, the page says `1 image` and not `1 images`."""

import re
from dataclasses import replace

import pandas as pd
from covid_xray.dataset.population import Ages, ClassPopulation
from covid_xray.evaluation.results_model import ProtocolResult, Value
from covid_xray.stages.report.gallery import Gallery
from covid_xray.stages.report.page import render
from covid_xray.stages.report.strata import StrataOfNetwork, StratumResult, left_out_lines
from covid_xray.stages.report.values import Counts, Flow

PLURAL = re.compile(r"(?<![\d.,])1 (images|patients|rows|files|pairs|groups|times|sources)\b")
ONE = Value(1.0, 0.2, 1.0, 1, 1)


def test_a_page_of_one_image_writes_no_plural_after_one(make_result, make_report, now):
    held_out = pd.DataFrame(
        {
            "label": ["Covid-19"],
            "prediction": ["Covid-19"],
            "probability": [[0.9, 0.1]],
            "image_id": ["0" * 64],
            "patient_id": ["p"],
            "fold": [0],
        }
    )
    one = ProtocolResult({"accuracy": ONE}, {"Covid-19": {"recall": ONE}}, held_out)
    protocols = ("patient_grouped", "as_published", "leave_one_source_out", "external")
    network = make_result(by_protocol=dict.fromkeys(protocols, one))
    of_class = ClassPopulation("Covid-19", 1, 1, 1, 0, 0, Ages(1, 61, 61, 61), (("PA", 1),))
    left_out = StrataOfNetwork(
        network, "leave_one_source_out", [StratumResult("source", "Mercy", {"accuracy": ONE, "recall": ONE})]
    )
    report = make_report(
        network,
        population=(of_class,),
        left_out=(left_out,),
        patient_grouped={"folds": 5, "repeats": 1},
        repeats=1,
    )
    report = replace(
        report,
        counts=(Counts("binary", "Covid-19", 50, 30, 10, 4, 1),),
        flow=Flow({"blank": 1}, 1, 1, 0, 1, 1, 1),
    )
    names = ("VGG16_binary", "curves_binary", "calibration_VGG16_binary")
    html = render(report, dict.fromkeys(names, b"\x89PNG"), (), Gallery(), now)
    assert not PLURAL.findall(re.sub(r"<[^>]+>", "", html))
    assert not PLURAL.findall(" ".join(left_out_lines([left_out])))
