"""The checklist says what is known of the images, and of nothing else."""

from dataclasses import replace

import pytest
from covid_xray.dataset.population import Ages, ClassPopulation
from covid_xray.evaluation.results_model import Value
from covid_xray.stages.report.checklist import answers
from covid_xray.stages.report.strata import StrataOfNetwork, StratumResult

POPULATION = (
    ClassPopulation("Covid-19", 50, 30, 12, 17, 1, Ages(44, 41.5, 58, 70), (("PA", 31), ("not known", 19))),
    ClassPopulation("No_findings", 20, 20, 0, 0, 20, None, (("PA", 15), ("AP", 5))),
)
SOURCES = {"Covid-19": {"Mercy": 50}, "No_findings": {"County": 19, "not known": 1}}


@pytest.fixture
def found(make_report, make_result):
    def answer(*results, **report):
        return answers(make_report(*(results or (make_result(),)), **report))

    return answer


def test_participants_views_and_sources_are_those_that_were_given(found):
    said = found(population=POPULATION, sources=SOURCES)
    assert said["participants"] == (
        "Covid-19: 12 female and 17 male of 30 patients, "
        "age, median (quartiles), 58 (42 to 70), of 44 images."
    )
    assert said["views"].startswith("Images by view: PA 46, AP 5;")
    assert "sources: County, Mercy. By which" in said["eligibility"]


def test_what_was_not_given_is_said_to_be_so(found):
    said = found()
    assert "age and sex of no patient were given" in said["participants"]
    assert said["views"].startswith("The view of no image was given")
    assert "where the images come from was not told" in said["eligibility"]
    assert said["fairness"] == "Not answered: neither age nor sex was given."
    assert found(population=POPULATION)["fairness"].startswith("Not answered: no two groups of ten images")


def test_groups_and_the_one_that_fails_answer_for_fairness(found, make_result):
    failing = {"accuracy": Value(0.8, 0.7, 0.9, 20, 20), "recall": Value(0.4, 0.2, 0.59, 15, 14)}
    strata = [
        StratumResult("age", "75+", failing),
        StratumResult("sex", "F", {"accuracy": failing["accuracy"]}),
    ]
    said = found(strata=(StrataOfNetwork(make_result(), "patient_grouped", strata),))["fairness"]
    assert said.startswith("Results by sex, age, where ten images") and "is lowest for age 75+" in said


def test_external_validation_counts_its_images_or_is_none(found, make_result, make_protocol_result):
    assert found()["external"] == "None on images from elsewhere."
    measured = dict.fromkeys(("external", "contrast", "leave_one_source_out"), make_protocol_result())
    assert found(make_result(by_protocol=measured))["external"] == (
        "VGG16 binary: 20 images of 18 patients from elsewhere; VGG16 binary: 20 images of one source; "
        "within these images, one source after another was left out."
    )


def test_no_item_says_not_known_where_all_was_given(page, make_result):
    html = page(make_result(), population=POPULATION, sources=SOURCES, dataset=None)
    checklist = html.split('id="checklist"')[1]
    demographics = checklist.split("Reference standard")[0] + checklist.split("Failure analysis")[1]
    assert "not known" not in demographics and "12 female" in demographics


def test_how_images_weigh_in_a_fit_is_told(page, make_result):
    plain = page(make_result(), sources=SOURCES)
    assert "All images weigh the same in every fit." in plain.split('id="checklist"')[1]
    balanced = page(make_result(), sources=SOURCES, balance="source_class")
    for part in ('id="data"', 'id="checklist"'):
        assert "The groups of images of one class and one source weigh the same" in balanced.split(part)[1]


def test_the_weights_of_tasks_that_differ_are_told_apart(found, make_result):
    names = ("Covid-19", "No_findings")
    three = replace(make_result(task="multiclass"), classes=(*names, "Pneumonia"))
    sources = {name: {"Mercy": 9} for name in names} | {"Pneumonia": {"Mercy": 1, "County": 1}}
    said = found(make_result(), three, sources=sources, balance="source_class")["weighting"]
    binary, multiclass = said.split(" multiclass: ")
    assert binary.startswith("binary: ") and "each class has one source" in binary
    assert "each class has one source" not in multiclass


def test_networks_of_ones_own_say_what_they_are_and_what_they_take_for_pixels(found, make_result):
    nothing = dict.fromkeys(("architecture", "weights", "model", "size", "preprocessing"))
    networks = {
        "CheXNet": nothing | {"architecture": "DenseNet121", "weights": "/w/chexnet.h5", "size": 96},
        "Chest": nothing | {"model": "/w/chest.keras", "preprocessing": "unit"},
        "Other": nothing | {"model": "/w/other.keras", "preprocessing": "unit"},
    }
    said = found(make_result("Chest"), make_result("CheXNet"), networks=networks)["own_networks"]
    assert said == (
        "CheXNet is DenseNet121 with the weights chexnet.h5, 96 pixels wide. "
        "Chest is the model chest.keras, pixels prepared as unit."
    )
    assert found(make_result("VGG16"))["own_networks"] == ""
