"""The registry on a SQLite store, with a model that no network has to read."""

import resource

import pytest
from covid_xray.errors import ModelError, one_line
from covid_xray.registry.flavor import silent_mlflow
from covid_xray.registry.promotion import PromotionCriteria
from covid_xray.registry.registry import registry_at


def test_a_logged_model_is_found_again_by_its_inputs(registry, log):
    version = log()
    assert registry.has(version.name, {"inputs_id": "i1"})
    assert not registry.has(version.name, {"inputs_id": "i2"})
    assert not registry.has(registry.name_of("VGG16", "binary"), {"inputs_id": "i1"})


def test_one_whose_end_was_interrupted_does_not_count_and_is_logged_again(registry, log, request):
    def interrupt(version):
        raise KeyboardInterrupt

    name = registry.name_of("ResNet50", request.node.name)
    with pytest.raises(KeyboardInterrupt):
        log(then=interrupt)
    assert not registry.has(name, {"inputs_id": "i1"})


def test_one_during_which_the_disk_fills_up_does_not_count_and_harms_no_later_one(registry, log, request):
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


def test_a_model_is_opened_by_version_or_as_the_champion(registry, log, request):
    first, second = log("i1"), log("i2", PromotionCriteria("random"))
    title = f"ResNet50_{request.node.name}"
    assert registry.champion(first.name) is None
    registry.promote(second)
    found = registry.fetch(title)
    assert (found.version.number, found.model.about.task) == (second.number, request.node.name)
    assert PromotionCriteria.of(found.version.tags) == PromotionCriteria("random")
    assert registry.fetch(f"{title}/{first.number}").version.number == first.number


@pytest.fixture
def answering(monkeypatch):
    """Let a call of the store's client be answered with an error code."""

    mlflow = silent_mlflow()

    def answer(call, code):
        def refuse(*args, **options):
            said = {"error_code": code, "message": "so says the store"}
            raise mlflow.exceptions.RestException(said)

        monkeypatch.setattr(mlflow.MlflowClient, call, refuse)

    return answer


@pytest.mark.parametrize("code", ["RESOURCE_ALREADY_EXISTS", "ALREADY_EXISTS"])
def test_a_name_that_is_registered_already_gets_another_version(log, answering, code):
    first = log("i1")
    answering("create_registered_model", code)
    assert int(log("i2").number) == int(first.number) + 1


@pytest.mark.parametrize("code", ["RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"])
def test_a_model_that_is_not_there_has_no_champion(registry, answering, code):
    answering("get_model_version_by_alias", code)
    assert registry.champion("any") is None


def test_any_other_answer_of_the_store_is_an_error(registry, log, answering):
    answering("create_registered_model", "PERMISSION_DENIED")
    with pytest.raises(Exception, match="so says the store"):
        log("i1")
    answering("get_model_version_by_alias", "PERMISSION_DENIED")
    with pytest.raises(Exception, match="so says the store"):
        registry.champion("any")


def test_hundreds_of_figures_are_logged_each_with_its_value_and_under_names_that_are_allowed(registry, log):
    figures = {f"patient_grouped.recall.Covid ({n})": n / 150 for n in range(150)}
    version = log(**figures)
    client = silent_mlflow().MlflowClient(registry.tracking_uri)
    experiment = client.get_experiment_by_name(registry.experiment)
    (run,) = client.search_runs([experiment.experiment_id], f"tags.model = '{version.name}'")
    assert run.data.metrics == {
        key.replace("(", "_").replace(")", "_"): value for key, value in figures.items()
    }


@pytest.mark.parametrize(
    "model", ["VGG16_a", "", "VGG16", "ResNet50_{task}", "ResNet50_{task}/99", "{task}/a/b"]
)
def test_a_model_that_is_not_there_is_refused_with_those_that_are(registry, log, request, model):
    log()
    with pytest.raises(ModelError, match=r"there is no model .*; there is .*resnet50_"):
        registry.fetch(model.format(task=request.node.originalname))


def test_mlflow_prints_nothing_and_reports_to_nobody(registry, log, capfd):
    registry.promote(log())
    assert capfd.readouterr() == ("", "")
    from mlflow.telemetry import get_telemetry_client

    assert get_telemetry_client() is None


def test_in_a_workspace_models_are_named_after_catalog_and_schema():
    registry = registry_at("databricks", "main", "xray", "/Users/someone/covid_xray")
    assert registry.name_of("VGG16", "multiclass") == "main.xray.covid_xray_vgg16_multiclass"
    assert registry.registry_uri == "databricks-uc"
