import pandas as pd
import pytest
from covid_xray.dataset.known import COVID_19
from covid_xray.evaluation.metrics import METRICS, shown_in
from covid_xray.evaluation.verdict import Verdict
from covid_xray.registry.card import write_card


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
    estimates = [
        (*network, "accuracy", None, 0.95, 0.9, 0.975),
        (*network, "recall", "Covid-19", 0.8, 0.7, 0.875),
        (*network, "mcc", None, 0.5, None, None),
        ("baseline", "file_facts", "patient_grouped", "accuracy", None, 0.985, 0.98, 0.99),
    ]
    images = pd.DataFrame(
        {
            "image_id": ["a", "b", "c"],
            "label": ["Covid-19", "No_findings", "Covid-19"],
            "path": ["Covid-19/a.png", "No_findings/b.png", "Covid-19/c.png"],
            "patient_id": ["p", "q", "p"],
            "source": None,
        }
    )

    def write(*more, baselines=True, facts=None, model=None, judged=None, **changes):
        rows = [*(estimates if baselines else estimates[:3]), *more]
        metrics = pd.DataFrame(rows, columns=columns)
        trained_on = images.assign(**facts or {})
        title = "covid_xray_resnet50_binary"
        return write_card(title, model or make_model(), run | changes, trained_on, metrics, judged)

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


def test_the_population_is_in_it_where_anything_is_known_of_it(card):
    text = card(facts={"view": ["PA", None, "AP"], "sex": ["F", None, "F"], "age": [40, None, 60]})
    assert (
        "\n- Covid-19: 1 female and 0 male patients, 0 of sex not known; age of images, median (quartiles): "
        "50 (45 to 55), of 2; views of images: PA 1, AP 1.\n- No_findings:"
    ) in text
    assert "female" not in card()


def test_it_says_what_it_is_for_and_what_it_was_made_from(card):
    text = card()
    assert "Not for clinical use" in text
    assert "| Covid-19 | 2 | 1 |" in text and "3 images of 2 patients" in text
    assert "imagenet, sha256" in text and "python 3.12.3" in text
    assert "random numbers" in card(weights="random") and "random numbers" not in text


def test_it_says_to_how_many_features_a_network_was_projected(card, make_model):
    assert "(published features)" in card()
    assert "(published features projected to 64 at most)" in card(model=make_model(dimensionality=64))


def test_it_says_that_there_is_no_external_validation_unless_there_is(card):
    assert "No external validation" in card()
    external = ("backbone", "ResNet50", "external", "accuracy", None, 0.4, 0.3, 0.5)
    text = card(external)
    assert "No external validation" not in text and "| accuracy | 0.400 (0.300 to 0.500) |" in text


def test_classes_of_which_no_image_came_from_elsewhere_are_named_with_what_the_figures_mean(card):
    network = ("backbone", "ResNet50", "external")
    rows = [(*network, "accuracy", None, 0.4, 0.3, 0.5), (*network, "recall", "No_findings", 0.4, 0.3, 0.5)]
    assert "**Some classes are missing:** no image is of Covid-19, so" in card(*rows)
    assert "Some classes" not in card(*rows, (*network, "recall", "Covid-19", 0.4, 0.3, 0.5))


def test_a_contrast_has_a_table_of_its_own_without_the_baselines(card):
    contrast = ("backbone", "ResNet50", "contrast")
    text = card(
        (*contrast, "contrast_auroc", "Other", 0.62, 0.53, 0.71),
        (*contrast, "false_positive_rate", "Other", 0.61, 0.45, 0.76),
        (*contrast, "recall", "Covid-19", 0.9, 0.8, 0.95),
    )
    table = text.split("### contrast: images that are meant to differ")[1]
    assert "No baseline was measured" not in table and "file_facts" not in table
    assert "| auroc of Covid-19 against Other | 0.620 (0.530 to 0.710) |" in table
    assert "| Other called Covid-19 | 0.610 (0.450 to 0.760) |" in table
    assert "| recall Covid-19 | 0.900 (0.800 to 0.950) |" in table
    assert "No external validation" in text and "contrast" not in card()


def test_baselines_on_images_from_elsewhere_alone_are_no_external_validation(card):
    text = card(("baseline", "border", "external", "accuracy", None, 0.678, 0.6, 0.8))
    assert "No external validation" in text and "0.678" not in text


def test_images_of_unknown_patients_are_counted(card):
    text = card(facts={"patient_id": ["p", "image-0123456789ab", "p"]})
    assert (
        "3 images of 2 patients. Of 1 of them the patient is unknown: each counts as a\nseparate patient"
        in text
    )
    assert "unknown" not in card()


def test_a_known_dataset_is_named_with_its_sources_standard_caveat_and_published_results(card):
    paths = ["Covid-19/a.png", "No_findings/00000007_001.png", "Covid-19/c.png"]
    text = card(facts={"path": paths, "patient_id": ["cov1", "00000007", "cov1"]})
    assert "| class | images | patients | sources and images |\n|---|---|---|---|\n" in text
    assert "| Covid-19 | 2 | 1 | ieee8023/covid-chestxray-dataset 2 |\n| No_findings | 1 | 1 | NIH" in text
    assert COVID_19.reference_standard in text and COVID_19.external_caveat in text
    assert "Published for the same network and classes: accuracy 0.993, recall Covid-19 0.960." in text
    assert COVID_19.published_by in text


def test_of_other_images_nothing_is_said_but_their_own_sources(card, make_model):
    names = {"Covid-19": "TB", "No_findings": "Healthy"}
    labels = [names[label] for label in ("Covid-19", "No_findings", "Covid-19")]
    facts = {"label": labels, "path": ["TB/a.png", "Healthy/b.png", "TB/c.png"]}
    known = card(
        facts=facts | {"source": ["Mercy", "County", None]}, model=make_model(classes=("TB", "Healthy"))
    )
    assert "| TB | 2 | 1 | Mercy 1, not known 1 |\n| Healthy | 1 | 1 | County 1 |\n\n3 images" in known
    unknown = card(facts=facts, model=make_model(classes=("TB", "Healthy")))
    assert "| class | images | patients |\n|---|---|---|\n| TB | 2 | 1 |\n| Healthy | 1 | 1 |\n" in unknown
    for text in (known, unknown):
        assert not [word for word in ("NIH", "ieee8023", "98 %", "Published") if word in text]


def test_the_verdict_stands_before_everything_else(card):
    judged = Verdict(("On images from elsewhere it is no better than chance.", "So do not use it."))
    text = card(judged=judged)
    assert text.index(f"**{judged.text}**") < text.index("## Intended use")
    assert "no better than chance" not in card()


def test_how_images_weigh_in_a_fit_is_told(card):
    assert "All images weigh the same in every fit." in card()


def test_one_repeat_of_one_patient_is_written_as_one(card, make_settings):
    once = make_settings(repeats=1, **{"patient_grouped.repeats": 1}).model_dump_json()
    text = card(settings=once, facts={"patient_id": ["p"] * 3})
    assert "3 images of 1 patient." in text and "drawn 1 time;" in text and "drawn\n1 time." in text
