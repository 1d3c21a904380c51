"""The bundle's own files: valid for Databricks' models, and complete for every target."""

from __future__ import annotations

import json
import runpy
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from covid_xray.task import optional_secret
from databricks.bundles.core import Resource
from databricks.bundles.dashboards import Dashboard
from databricks.bundles.experiments import MlflowExperiment
from databricks.bundles.jobs import Job
from databricks.bundles.schemas import Schema
from databricks.bundles.secret_scopes import SecretScope
from databricks.bundles.volumes import Volume
from jobgraph import RunIf, load_job, plan_steps, target_names, unresolved_references
from jobgraph.bundle import read_bundle

from tests.unit.resources.definitions import (
    APPLICATION_ID,
    BUNDLE,
    CONTEXT,
    FILES,
    JOBS,
    PER_BACKBONE,
    ROOT,
    SHARED,
    TARGETS,
    context_of,
    resolved,
    resources_of,
    settings_of,
)

MODELS: dict[str, type[Any]] = {
    "jobs": Job,
    "schemas": Schema,
    "volumes": Volume,
    "experiments": MlflowExperiment,
    "dashboards": Dashboard,
    "secret_scopes": SecretScope,
}
STEPS = [(job, task) for job, tasks in JOBS.items() for task in tasks]


def flags(parameters: tuple[str, ...]) -> list[str]:
    return list(parameters[::2])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file_holds_one_resource_and_is_named_after_it(file: Path) -> None:
    ((kind, key, _),) = resources_of(file)
    assert file.name == f"{key}.{kind.removesuffix('s')}.yml"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_resource_is_valid_for_databricks(file: Path) -> None:
    ((kind, _, spec),) = resources_of(file)
    resource = MODELS[kind].from_dict(spec)
    assert isinstance(resource, Resource)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_is_valid_as_each_target_sends_it(file: Path, target: str) -> None:
    ((kind, key, _),) = resources_of(file)
    assert isinstance(MODELS[kind].from_dict(resolved(kind, key, target)), Resource)


def test_keys_are_unique_across_kinds() -> None:
    keys = Counter(key for file in FILES for _, key, _ in resources_of(file))
    assert set(keys.values()) == {1}


def test_the_targets_are_those_of_the_design() -> None:
    assert target_names(BUNDLE) == TARGETS


@pytest.mark.parametrize("target", TARGETS)
def test_every_reference_resolves(target: str) -> None:
    assert unresolved_references(BUNDLE, target=target, context=context_of(target)) == []


def test_each_target_has_a_schema_of_its_own() -> None:
    schemas = [resolved("schemas", "xray", target)["name"] for target in TARGETS]
    assert schemas == ["xray_someone", "xray_free_someone", "xray_staging", "xray"]


@pytest.mark.parametrize("target", SHARED)
def test_what_is_there_once_belongs_to_a_service_principal_that_must_exist(target: str) -> None:
    declared = yaml.safe_load(BUNDLE.read_text())["targets"][target]["variables"]["owner"]
    assert declared == {"lookup": {"service_principal": "covid_xray"}}
    found = settings_of(target)
    assert found["run_as"] == {"service_principal_name": APPLICATION_ID}
    root = f"/Workspace/Users/{APPLICATION_ID}/.bundle/covid_xray/{target}"
    assert found["workspace"]["root_path"] == root
    assert resolved("experiments", "classifiers", target)["name"].startswith(f"/Users/{APPLICATION_ID}/")


def test_no_two_targets_of_one_person_name_an_experiment_alike() -> None:
    names = [resolved("experiments", "classifiers", target)["name"] for target in TARGETS]
    assert len(set(names)) == len(TARGETS)


def test_prod_comes_from_main() -> None:
    assert settings_of("prod")["git"] == {"branch": "main"}


@pytest.mark.parametrize("target", TARGETS)
def test_the_secret_scope_names_catalog_and_schema_by_variables_alone(target: str) -> None:
    # The CLI resolves no ${resources...} in the name of a scope.
    name = read_bundle(BUNDLE).resource("secret_scopes", "secrets").spec["name"]
    assert name == "covid_xray.${var.catalog}.${var.schema}"
    schema = resolved("schemas", "xray", target)["name"]
    assert resolved("secret_scopes", "secrets", target)["name"] == f"covid_xray.workspace.{schema}"


def test_uploaded_images_survive_a_destroy() -> None:
    assert read_bundle(BUNDLE).resource("volumes", "images").spec["lifecycle"] == {"prevent_destroy": True}


@pytest.mark.parametrize(("key", "names"), JOBS.items())
def test_every_python_file_lies_in_jobs(key: str, names: tuple[str, ...]) -> None:
    tasks = read_bundle(BUNDLE).resource("jobs", key).spec["tasks"]
    inner = [task["for_each_task"]["task"] if "for_each_task" in task else task for task in tasks]
    scripts = [task["spark_python_task"]["python_file"] for task in inner]
    assert [Path(script).stem for script in scripts] == list(names)
    assert {str(Path(script).parent) for script in scripts} == {"../jobs"}
    for script in scripts:
        assert (ROOT / "resources" / script).is_file()


def test_the_training_job_goes_from_ingest_to_report() -> None:
    tasks = load_job(BUNDLE, "training", context=CONTEXT).tasks
    after_ingest = RunIf.AT_LEAST_ONE_SUCCESS
    assert [(task.key, task.depends_on, task.run_if) for task in tasks] == [
        ("ingest", (), RunIf.ALL_SUCCESS),
        ("featurize", ("ingest",), RunIf.ALL_SUCCESS),
        ("audit", ("ingest",), RunIf.ALL_SUCCESS),
        ("train", ("ingest", "featurize"), after_ingest),
        ("explain", ("ingest", "train"), after_ingest),
        ("compare", ("ingest", "train", "explain", "audit"), after_ingest),
        ("register", ("ingest", "compare"), after_ingest),
        ("report", ("ingest", "compare", "explain"), after_ingest),
    ]


def test_every_task_for_each_backbone_has_all_of_them_at_work_at_the_same_time() -> None:
    tasks = load_job(BUNDLE, "training", context=CONTEXT).tasks
    loops = {task.key: task.for_each.concurrency for task in tasks if task.for_each}
    backbones = json.loads(read_bundle(BUNDLE).variables["backbones"])
    assert loops == dict.fromkeys(PER_BACKBONE, len(backbones))


def test_the_parameters_say_where_things_are_and_what_is_asked_for() -> None:
    assert load_job(BUNDLE, "training", context=CONTEXT).parameters == {
        "config": f"{ROOT}/config.yaml",
        "catalog": "workspace",
        "schema": "xray",
        "data": "/Volumes/workspace/xray/images",
        "patients": "",
        "patient_id_key": "covid_xray.workspace.xray/patient_id_key",
        "weights": "imagenet",
        "weights_store": "/Volumes/workspace/xray/weights",
        "reports": "/Volumes/workspace/xray/reports",
        "tracking_uri": "databricks",
        "experiment": "/Users/someone@example.org/covid_xray.xray",
        "backbones": '["InceptionV3","Xception","ResNet50","VGG16","VGG19"]',
        "tasks": '["binary","multiclass"]',
        "settings": "{}",
        "commit": "c0ffee",
    }


class _ParsedError(Exception):
    """Carries a script's parser out of it, before it starts anything."""


@pytest.fixture
def parser_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], ArgumentParser]:
    def capture(parser: ArgumentParser, *_: object) -> None:
        raise _ParsedError(parser)

    def parser(script: Path) -> ArgumentParser:
        main = runpy.run_path(str(script), run_name="task")["main"]
        with monkeypatch.context() as patch:
            patch.setattr(ArgumentParser, "parse_args", capture)
            with pytest.raises(_ParsedError) as raised:
                main([], lambda _: None)
        (found,) = raised.value.args
        return found

    return parser


@pytest.mark.parametrize(("key", "task"), STEPS)
def test_a_script_accepts_exactly_what_the_yaml_passes(
    key: str, task: str, parser_of: Callable[[Path], ArgumentParser]
) -> None:
    job = load_job(BUNDLE, key, context=CONTEXT)
    for step in plan_steps(job, {}, "r7")[task]:
        parser = parser_of(step.python_file)
        actions = [action for action in parser._actions if action.dest != "help"]
        options = [flag for action in actions for flag in action.option_strings]
        assert sorted(flags(step.parameters)) == sorted(options)
        assert all(action.required for action in actions)
        parser.parse_args(step.parameters)


def test_only_ingest_is_told_how_a_run_is_done_and_the_others_which_run() -> None:
    told = {
        task: set(flags(steps[0].parameters))
        for task, steps in plan_steps(load_job(BUNDLE, "training", context=CONTEXT), {}, "r7").items()
    }
    assert {"--config", "--settings", "--weights", "--weights-store", "--tasks"} <= told.pop("ingest")
    where = {"--tracking-uri", "--experiment", "--reports"}
    which = {"--catalog", "--schema", "--run-id", "--backbone"}
    assert all(flags_ - where <= which for flags_ in told.values())


@pytest.mark.parametrize(("key", "task"), STEPS)
def test_each_parameter_is_the_jobs_of_the_same_name(key: str, task: str) -> None:
    job = load_job(BUNDLE, key, context=CONTEXT)
    steps = plan_steps(job, {}, "r7")[task]
    for step in steps:
        given = dict(zip(step.parameters[::2], step.parameters[1::2], strict=True))
        assert given.pop("--run-id") == "r7"
        assert given.pop("--backbone", step.input) == step.input
        for flag, value in given.items():
            assert value == job.parameters[flag.removeprefix("--").replace("-", "_")]
    if steps[0].input is not None:
        assert [step.input for step in steps] == json.loads(job.parameters["backbones"])


@pytest.mark.parametrize("job", JOBS)
def test_patients_ids_are_hashed_with_a_key_of_each_targets_own(job: str) -> None:
    keys = [
        load_job(BUNDLE, job, target=target, context=context_of(target)).parameters["patient_id_key"]
        for target in TARGETS
    ]
    scopes = [resolved("secret_scopes", "secrets", target)["name"] for target in TARGETS]
    assert keys == [f"{scope}/patient_id_key" for scope in scopes]
    assert all(optional_secret(key) for key in keys)


def test_the_upload_script_names_the_images_volume_and_the_target() -> None:
    script = yaml.safe_load(BUNDLE.read_text())["scripts"]["upload"]
    images = load_job(BUNDLE, "training", context=CONTEXT).parameters["data"]
    sent = script["env"]["IMAGES"].replace("${var.catalog}", "workspace").replace("${var.schema}", "xray")
    assert sent == images
    assert script["env"]["DATABRICKS_BUNDLE_TARGET"] == "${bundle.target}"
    assert "${" not in script["content"]
