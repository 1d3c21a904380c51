"""The registry on a SQLite store, with a model that needs no network."""

import resource
import shutil
from pathlib import Path

import pytest
from covid_xray.errors import ModelError, one_line
from covid_xray.registry.flavor import import_mlflow
from covid_xray.registry.local_store import database_of, store_uri
from covid_xray.registry.promotion import PromotionCriteria
from covid_xray.registry.registry import registry_at
from covid_xray.registry.saved import CARD


def test_a_logged_model_is_found_again_by_its_inputs(registry, log):
    version = log()
    assert registry.has(version.name, {"inputs_id": "i1"})
    assert not registry.has(version.name, {"inputs_id": "i2"})
    assert not registry.has(registry.name_of("VGG16", "binary"), {"inputs_id": "i1"})


def test_an_interrupted_registration_does_not_count(registry, log, request):
    def interrupt(version):
        raise KeyboardInterrupt

    name = registry.name_of("ResNet50", request.node.name)
    with pytest.raises(KeyboardInterrupt):
        log(then=interrupt)
    assert not registry.has(name, {"inputs_id": "i1"})


def test_a_registration_on_a_full_disk_does_not_count_and_a_later_one_succeeds(registry, log, request):
    name, before = registry.name_of("ResNet50", request.node.name), resource.getrlimit(resource.RLIMIT_FSIZE)
    full = (100, before[1])
    try:
        with pytest.raises(Exception) as failed:
            log("i1", then=lambda _: resource.setrlimit(resource.RLIMIT_FSIZE, full))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert one_line(failed.value) == "sqlite3: disk I/O error"
    log("i2")
    assert [registry.has(name, {"inputs_id": inputs}) for inputs in ("i1", "i2")] == [False, True]


def test_a_model_is_loaded_by_version_or_as_the_champion(registry, log, request):
    first, second = log("i1"), log("i2", PromotionCriteria("random"))
    title = f"ResNet50_{request.node.name}"
    assert registry.champion(first.name) is None
    registry.promote(second)
    found = registry.fetch(title)
    assert (found.version.number, found.model.about.task) == (second.number, request.node.name)
    assert PromotionCriteria.of(found.version.tags) == PromotionCriteria("random")
    assert registry.fetch(f"{title}/{first.number}").version.number == first.number


def test_a_card_takes_the_place_of_the_one_that_was_logged(registry, log, tmp_path):
    version = log()
    client = import_mlflow().MlflowClient(registry.tracking_uri)
    run_id = client.get_model_version(version.name, version.number).run_id
    registry.replace_card(version, "Röntgen, anew")
    assert [file.path for file in client.list_artifacts(run_id)].count(CARD) == 1
    card = Path(client.download_artifacts(run_id, CARD, str(tmp_path)))
    assert card.read_text(encoding="utf-8") == "Röntgen, anew"


@pytest.fixture
def failing_store(monkeypatch):
    """Make a call of the MLflow client fail with an error code."""

    mlflow = import_mlflow()

    def fail(call, code):
        def raise_error(*args, **options):
            raise mlflow.exceptions.RestException({"error_code": code, "message": "error of the store"})

        monkeypatch.setattr(mlflow.MlflowClient, call, raise_error)

    return fail


@pytest.mark.parametrize("code", ["RESOURCE_ALREADY_EXISTS", "ALREADY_EXISTS"])
def test_an_existing_registered_model_gets_another_version(log, failing_store, code):
    first = log("i1")
    failing_store("create_registered_model", code)
    assert int(log("i2").number) == int(first.number) + 1


@pytest.mark.parametrize("code", ["RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"])
def test_a_missing_model_has_no_champion(registry, failing_store, code):
    failing_store("get_model_version_by_alias", code)
    assert registry.champion("any") is None


def test_any_other_error_of_the_store_is_raised(registry, log, failing_store):
    failing_store("create_registered_model", "PERMISSION_DENIED")
    with pytest.raises(Exception, match="error of the store"):
        log("i1")
    failing_store("get_model_version_by_alias", "PERMISSION_DENIED")
    with pytest.raises(Exception, match="error of the store"):
        registry.champion("any")


def test_hundreds_of_metrics_are_logged_with_their_values_under_valid_names(registry, log):
    metrics = {f"patient_grouped.recall.Covid ({n})": n / 150 for n in range(150)}
    version = log(**metrics)
    client = import_mlflow().MlflowClient(registry.tracking_uri)
    experiment = client.get_experiment_by_name(registry.experiment)
    (run,) = client.search_runs([experiment.experiment_id], f"tags.model = '{version.name}'")
    assert run.data.metrics == {
        key.replace("(", "_").replace(")", "_"): value for key, value in metrics.items()
    }


@pytest.mark.parametrize("model", ["VGG16_a", "", "VGG16", "{task}/a/b"])
def test_a_missing_model_is_an_error_that_lists_the_registered_ones(registry, log, request, model):
    log()
    with pytest.raises(ModelError, match=r"there is no model .*: use one of .*resnet50_"):
        registry.fetch(model.format(task=request.node.originalname))


@pytest.mark.parametrize("number", ["99", "x"])
def test_a_missing_version_is_an_error_that_names_the_newest(registry, log, request, number):
    log()
    title = f"ResNet50_{request.node.originalname}"
    with pytest.raises(ModelError, match=rf"{title} has no version '{number}': use {title}/\d, the newest"):
        registry.fetch(f"{title}/{number}")


@pytest.mark.parametrize("name", ["a copy", "#1 ?x=1&y;z %41 %20", "[a]{b}*'\"\\ \n", "Röntgen"])
def test_a_copy_of_the_folder_is_a_registry_of_its_own(registry, log, request, tmp_path, monkeypatch, name):
    version, origin = log(), database_of(registry.tracking_uri).parent
    there = tmp_path / name / origin.name
    shutil.copytree(origin, there)
    empty = tmp_path / "typed here"
    empty.mkdir()
    monkeypatch.chdir(empty)
    copied = registry_at(store_uri(there / "mlflow.db"), "main", "xray", registry.experiment)
    before = {*origin.rglob("*")}
    assert copied.fetch(f"ResNet50_{request.node.originalname}/1").version.name == version.name
    mlflow = import_mlflow()
    folder = mlflow.artifacts.download_artifacts(f"models:/{version.name}/1")
    assert Path(folder).is_relative_to(there)
    client = mlflow.MlflowClient(copied.tracking_uri)
    run = client.create_run(client.get_experiment_by_name(copied.experiment).experiment_id)
    client.log_text(run.info.run_id, "more", "more.txt")
    assert list(there.rglob("more.txt")) and {*origin.rglob("*")} == before
    assert not list(empty.iterdir())


def test_mlflow_prints_nothing_and_sends_no_telemetry(registry, log, capfd):
    registry.promote(log())
    assert capfd.readouterr() == ("", "")
    from mlflow.telemetry import get_telemetry_client

    assert get_telemetry_client() is None


def test_models_in_a_workspace_are_named_after_catalog_and_schema():
    registry = registry_at("databricks", "main", "xray", "/Users/someone/covid_xray")
    assert registry.name_of("VGG16", "multiclass") == "main.xray.covid_xray_vgg16_multiclass"
    assert registry.registry_uri == "databricks-uc"
