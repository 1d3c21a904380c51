import json
import re

import pytest
from covid_xray.errors import CovidXrayError
from sparkdl import SparkdlError
from sparkdl.backbones import PUBLISHED

from jobs.local.request import backbones_at_once, prepare_inputs


def test_a_runs_name_is_a_backbone_and_a_task(make_request):
    request = make_request(name="VGG16_multiclass_classification")
    assert (request.backbones, request.tasks) == (("VGG16",), ("multiclass",))


def test_all_is_every_backbone_on_every_task(make_request):
    request = make_request(name="all")
    assert request.backbones == PUBLISHED and request.tasks == ("binary", "multiclass")


def test_a_network_of_ones_own_is_typed_like_any_other(make_request):
    mine = "networks={Mine: {model: /w/mine.keras, preprocessing: unit}}"
    request = make_request(name="Mine_binary_classification", set=[mine])
    assert (request.backbones, request.tasks) == (("Mine",), ("binary",))
    assert make_request(name="all", set=[mine]).backbones == PUBLISHED


@pytest.mark.parametrize(
    ("own", "message"),
    [
        (
            "{model: /w/mine.keras, preprocessing: unit}",
            "'networks.Mine': /w/mine.keras is not a file",
        ),
        ("{model: %s, preprocessing: unit}", "mine.keras is not a Keras model"),
        ("{architecture: VGG16, weights: %s}", "mine.keras is not a .h5 weights file"),
    ],
)
def test_its_file_is_checked_before_anything_is_started(make_request, tmp_path, own, message):
    file = tmp_path / "mine.keras"
    file.write_bytes(b"none")
    mine = f"networks={{Mine: {own.replace('%s', str(file))}}}"
    with pytest.raises((CovidXrayError, SparkdlError), match=re.escape(message)):
        prepare_inputs(make_request(name="Mine_binary_classification", set=[mine]), draw=False)


def test_paths_are_absolute_wherever_the_command_is_typed(make_request, data, monkeypatch):
    monkeypatch.chdir(data.parent)
    request = make_request(data=data.relative_to(data.parent), weights="w", output=None)
    assert request.data == data and request.weights == str(data.parent / "w")
    assert request.output == data.parent / "out"


@pytest.mark.parametrize("weights", ["imagenet", "random"])
def test_weights_that_are_no_path_stay_as_they_are(make_request, weights):
    assert make_request(weights=weights).weights == weights


def test_the_job_is_given_what_was_asked_for_and_where_everything_goes(make_request, tmp_path):
    parameters = make_request(set=["seed=9"]).parameters()
    assert json.loads(parameters["settings"]) == {"seed": 9}
    assert json.loads(parameters["backbones"]) == ["ResNet50"]
    assert parameters["weights_store"] == str(tmp_path / "out" / "weights")
    assert parameters["tracking_uri"] == f"sqlite:///{tmp_path}/out/mlflow/mlflow.db"


def test_patients_csv_in_the_folder_counts_unless_another_is_named(make_request, data):
    assert make_request().patients is None
    (data / "patients.csv").write_text("label,filename,patient_id\n")
    assert make_request().patients == data / "patients.csv"
    assert make_request(patients=data / "other.csv").patients == data / "other.csv"


@pytest.mark.parametrize(
    ("settings", "at_once"),
    [
        ([], 8),
        # Two images of one task, and of two.
        (["execution.task_images=2"], 8),
        (["execution.task_images=1"], 1),
        (["execution.local_backbones=3"], 3),
        (["execution.local_backbones=3", "execution.task_images=1"], 3),
    ],
)
def test_each_core_has_a_backbone_where_one_task_has_all_images(make_request, settings, at_once, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    assert backbones_at_once(make_request(set=settings)) == at_once


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": "VGG_binary_classification"}, "did you mean VGG1"),
        ({"name": "VGG16"}, "did you mean VGG16_binary_classification or VGG16_multiclass_classification?"),
        ({"name": "thorax"}, "unknown run 'thorax'"),
        ({"set": ["limit=3"]}, "unknown setting 'limit'"),
        ({"data": None}, "--data DIR with the folders Covid-19, No_findings, Pneumonia"),
    ],
)
def test_what_cannot_be_run_is_refused_in_one_line(make_request, changes, says):
    with pytest.raises(CovidXrayError) as refused:
        make_request(**changes)
    assert says in str(refused.value) and "\n" not in str(refused.value)


def test_classes_and_sources_can_be_balanced_where_a_file_or_a_known_pattern_tells_a_source(
    make_request, data
):
    balanced = make_request(set=["balance=source_class"])
    with pytest.raises(CovidXrayError, match="no image has one"):
        prepare_inputs(balanced, draw=False)
    (data / "metadata.csv").write_text("label,filename,source\nCovid-19,a.png,Mercy\n")
    prepare_inputs(balanced, draw=False)
    (data / "metadata.csv").write_text("label,filename,patient_id\nCovid-19,a.png,cov7\n")
    prepare_inputs(balanced, draw=False)
    (data / "metadata.csv").unlink()
    (data / "No_findings" / "a.png").rename(data / "No_findings" / "00000583_008.png")
    prepare_inputs(balanced, draw=False)
