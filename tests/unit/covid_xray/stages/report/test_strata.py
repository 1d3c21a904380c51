"""How a page shows what networks reach in groups of images, and when it warns."""

import pandas as pd
import pytest
from covid_xray.evaluation.results_model import Value
from covid_xray.stages.report.strata import StrataOfNetwork, StratumResult, arrange

DASH = "\N{EN DASH}"


@pytest.fixture
def row():
    """A row of the table `strata`."""

    def make(stratum="AP", attribute="view", **changes):
        key = {"run_id": "r1", "backbone": "VGG16", "task": "binary", "protocol": "patient_grouped"}
        what = {"attribute": attribute, "stratum": stratum, "metric": "accuracy"}
        numbers = {"value": 0.5, "ci_low": 0.25, "ci_high": None, "n": 12, "n_patients": 11}
        return key | what | numbers | changes

    return make


def test_strata_are_those_of_the_network_in_the_order_of_their_attributes(row, make_result):
    rows = [
        *(row("Mercy", "source"), row("75+", "age"), row("0-17", "age"), row("M", "sex"), row("PA")),
        *(row("PA", metric="recall", value=0.9), row(backbone="VGG19"), row(task="multiclass")),
    ]
    (found,) = arrange(pd.DataFrame(rows), "r1", [make_result()])
    names = [stratum.name for stratum in found.strata]
    assert names == ["PA", "M", "0-17", "75+", "Mercy"] and found.protocol == "patient_grouped"
    first = found.strata[0]
    assert first.counted == Value(0.5, 0.25, None, 12, 11) and first.values["recall"].value == 0.9


def test_held_out_images_are_those_of_the_run_shown_and_others_of_the_run_that_trained(
    row, make_result, make_protocol_result
):
    measured = dict.fromkeys(("patient_grouped", "external"), make_protocol_result())
    reused = make_result(run_id="r0", by_protocol=measured)
    rows = [row(run_id=run, protocol=protocol) for run in ("r0", "r1") for protocol in measured]
    values = [row | {"value": number} for number, row in enumerate(rows)]
    found = arrange(pd.DataFrame(values), "r1", [reused])
    assert [(one.protocol, one.strata[0].counted.value) for one in found] == [
        ("patient_grouped", 2.0),
        ("external", 1.0),
    ]


@pytest.fixture
def network(make_result):
    """A network whose recall is 0.9 (0.6 to 0.98) on all images, with a stratum of each of these recalls."""

    def make(*recalls):
        counted = Value(0.8, 0.7, 0.9, 20, 20)
        strata = [
            StratumResult("view", name, {"accuracy": counted} | ({"recall": recall} if recall else {}))
            for name, recall in zip(("PA", "AP"), recalls, strict=False)
        ]
        return StrataOfNetwork(make_result(), "patient_grouped", strata)

    return make


def test_the_lowest_recall_is_named_where_its_interval_lies_wholly_below_that_of_all_images(network):
    low = Value(0.4, 0.2, 0.59, 15, 14)
    assert network(Value(0.5, 0.3, 0.55, 9, 9), low).warning == (
        "VGG16 binary, patient_grouped: the recall of Covid-19 is lowest for view AP, 40.0 (20.0 to 59.0) % "
        "of 15 images, clearly below that of all images, 90.0 (60.0 to 98.0) %."
    )


@pytest.mark.parametrize(
    "recalls",
    [(), (None, None), (Value(0.4, 0.2, 0.6, 15, 14),), (Value(0.4, None, None, 15, 14),)],
    ids=["no strata", "no recall", "intervals that touch", "no interval"],
)
def test_nothing_is_named_where_that_is_not_so(network, recalls):
    assert network(*recalls).warning == ""


def test_the_page_folds_a_table_of_strata_and_warns_above_it(page, network, make_result):
    low = network(Value(0.4, 0.2, 0.59, 15, 14))
    html = page(make_result(), strata=(low,)).split('id="strata"')[1].split("</details>")[0]
    warning, table = html.split("<details>")
    assert 'class="warning">VGG16 binary, patient_grouped: the recall' in warning
    cells = [
        cell.split(">")[-1] for cell in table.split("<tbody>")[1].replace("</th>", "</td>").split("</td>")
    ]
    assert cells[:8] == ["view", "PA", "80.0 (70.0 to 90.0)", "40.0 (20.0 to 59.0)", DASH, "20", "15", "20"]
    assert 'id="strata"' not in page(make_result())
