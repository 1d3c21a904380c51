import pandas as pd
import pytest
from covid_xray.evaluation.metrics import METRICS, shown_in
from covid_xray.stages.register.card import write_card


@pytest.fixture
def card(make_model, make_settings):
    run = {
        "run_id": "r1",
        "inputs_id": "i1",
        "git_commit": None,
        "weights": "imagenet",
        "settings": make_settings().model_dump_json(),
        "versions": '{"python": "3.12.3"}',
    }
    columns = ["kind", "backbone", "protocol", "metric", "class", "value", "ci_low", "ci_high"]
    network = ("backbone", "ResNet50", "patient_grouped")
    metrics = [
        (*network, "accuracy", None, 0.95, 0.9, 0.975),
        (*network, "recall", "Covid-19", 0.8, 0.7, 0.875),
        (*network, "mcc", None, 0.5, None, None),
        ("baseline", "file_facts", "patient_grouped", "accuracy", None, 0.985, 0.98, 0.99),
    ]
    images = pd.DataFrame(
        {
            "image_id": ["a", "b", "c"],
            "label": ["Covid-19", "No_findings", "Covid-19"],
            "patient_id": ["p", "q", "p"],
        }
    )

    def write(*more, baselines=True, **changes):
        rows = [*(metrics if baselines else metrics[:3]), *more]
        table = pd.DataFrame(rows, columns=columns)
        return write_card("covid_xray_resnet50_binary", make_model(), run | changes, images, table)

    return write


def test_metrics_stand_beside_those_of_classifiers_that_see_no_lung(card):
    text = card()
    assert "|  | ResNet50 | file_facts |" in text.replace("| |", "|  |")
    assert "| accuracy | 0.950 (0.900 to 0.975) | 0.985 (0.980 to 0.990) |" in text
    assert "| recall Covid-19 | 0.800 (0.700 to 0.875) | - |" in text
    assert "| mcc | 0.500 | - |" in text
    assert "No baseline was measured" in card(baselines=False)


def test_a_metric_is_on_the_card_where_its_record_says_so_classes_last(card):
    network = ("backbone", "ResNet50", "patient_grouped")
    rows = [(*network, one.name, "No_findings" if one.per_class else None, 0.5, 0.4, 0.6) for one in METRICS]
    lines = card(*rows, baselines=False).split("|---|---|\n")[2].split("\n\n")[0].splitlines()
    metrics = list(dict.fromkeys(line.split()[1] for line in lines))
    assert metrics == [metric.name for metric in shown_in("card")]


def test_it_says_what_it_is_for_and_what_it_was_made_from(card):
    text = card()
    assert "Not for clinical use" in text
    assert "| Covid-19 | 2 | 1 |" in text and "3 images of 2 patients" in text
    assert "imagenet, sha256" in text and "python 3.12.3" in text
    assert "random numbers" in card(weights="random") and "random numbers" not in text


def test_it_says_that_there_is_no_external_validation_unless_there_is(card):
    assert "No external validation" in card()
    external = ("backbone", "ResNet50", "external", "accuracy", None, 0.4, 0.3, 0.5)
    text = card(external)
    assert "No external validation" not in text and "| accuracy | 0.400 (0.300 to 0.500) |" in text
