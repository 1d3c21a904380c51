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
from covid_xray.arguments import optional_secret
from databricks.bundles.core import Resource
from databricks.bundles.dashboards import Dashboard
from databricks.bundles.experiments import MlflowExperiment
from databricks.bundles.jobs import ClusterSpec, Job
from databricks.bundles.schemas import Schema
from databricks.bundles.secret_scopes import SecretScope
from databricks.bundles.sql_warehouses import SqlWarehouse
from databricks.bundles.volumes import Volume
from jobgraph import RunIf, load_job, plan_steps, target_names, unresolved_references
from jobgraph.bundle import read_bundle

ROOT = Path(__file__).resolve().parents[3]
BUNDLE = ROOT / "databricks.yml"
FILES = sorted((ROOT / "resources").glob("*.yml"))
MODELS: dict[str, type[Any]] = {
    "jobs": Job,
    "schemas": Schema,
    "volumes": Volume,
    "experiments": MlflowExperiment,
    "dashboards": Dashboard,
    "sql_warehouses": SqlWarehouse,
    "secret_scopes": SecretScope,
}
TARGETS = ("dev", "staging", "prod")
TASKS = ("ingest", "featurize", "audit", "train", "explain", "compare", "register", "report")
JOBS = {"training": TASKS, "scoring": ("score",), "evaluation": ("evaluate",)}
STEPS = [(job, task) for job, tasks in JOBS.items() for task in tasks]
# What a deployment knows and this repository cannot.
CONTEXT = {
    "workspace.file_path": str(ROOT),
    "workspace.current_user.short_name": "someone",
    "workspace.current_user.userName": "someone@example.org",
    "resources.sql_warehouses.queries.id": "0123456789abcdef",
}


def resources_of(file: Path) -> list[tuple[str, str, Any]]:
    document = yaml.safe_load(file.read_text())
    return [
        (kind, key, spec) for kind, by_key in document["resources"].items() for key, spec in by_key.items()
    ]


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


def test_keys_are_unique_across_kinds() -> None:
    keys = Counter(key for file in FILES for _, key, _ in resources_of(file))
    assert set(keys.values()) == {1}


def test_the_targets_are_those_of_the_design() -> None:
    assert target_names(BUNDLE) == TARGETS


@pytest.mark.parametrize("target", TARGETS)
def test_every_reference_resolves(target: str) -> None:
    assert unresolved_references(BUNDLE, target=target, context=CONTEXT) == []


def test_each_target_has_a_schema_of_its_own() -> None:
    schemas = [load_job(BUNDLE, "training", target=t, context=CONTEXT).parameters["schema"] for t in TARGETS]
    assert schemas == ["xray_someone", "xray_staging", "xray"]


def test_the_cluster_is_a_valid_one_with_the_ml_runtime_and_dedicated_access() -> None:
    cluster = read_bundle(BUNDLE).variables["cluster"]
    ClusterSpec.from_dict(cluster)
    assert cluster["spark_version"] == "18.x-cpu-ml-scala2.13"
    assert cluster["data_security_mode"] == "DATA_SECURITY_MODE_DEDICATED"


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


@pytest.mark.parametrize("key", JOBS)
def test_every_python_task_installs_the_wheel_on_the_jobs_cluster(key: str) -> None:
    spec = read_bundle(BUNDLE).resource("jobs", key).spec
    (cluster,) = [entry["job_cluster_key"] for entry in spec["job_clusters"]]
    for task in spec["tasks"]:
        python = task["for_each_task"]["task"] if "for_each_task" in task else task
        assert python["libraries"] == [{"whl": "../dist/*.whl"}]
        assert python["job_cluster_key"] == cluster


def test_the_training_job_goes_from_ingest_to_report() -> None:
    tasks = load_job(BUNDLE, "training", context=CONTEXT).tasks
    assert [(task.key, task.depends_on, task.run_if) for task in tasks] == [
        ("ingest", (), RunIf.ALL_SUCCESS),
        ("featurize", ("ingest",), RunIf.ALL_SUCCESS),
        ("audit", ("ingest",), RunIf.ALL_SUCCESS),
        ("train", ("featurize",), RunIf.ALL_DONE),
        ("explain", ("train",), RunIf.ALL_DONE),
        ("compare", ("train", "audit"), RunIf.ALL_DONE),
        ("register", ("compare",), RunIf.ALL_DONE),
        ("report", ("compare", "explain"), RunIf.ALL_DONE),
    ]
    loops = {task.key: task.for_each.concurrency for task in tasks if task.for_each}
    assert loops == {"featurize": 5, "train": 1, "explain": 1, "register": 1}


def test_the_parameters_say_where_things_are_and_what_is_asked_for() -> None:
    assert load_job(BUNDLE, "training", context=CONTEXT).parameters == {
        "config": f"{ROOT}/config.yaml",
        "catalog": "main",
        "schema": "xray",
        "data": "/Volumes/main/xray/images",
        "patients": "/Volumes/main/xray/images/patients.csv",
        "patient_id_key": "covid_xray.main.xray/patient_id_key",
        "weights": "imagenet",
        "weights_store": "/Volumes/main/xray/weights",
        "reports": "/Volumes/main/xray/reports",
        "tracking_uri": "databricks",
        "experiment": "/Users/someone@example.org/covid_xray",
        "backbones": '["InceptionV3","Xception","ResNet50","VGG16","VGG19"]',
        "tasks": '["binary","multiclass"]',
        "settings": "{}",
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


def test_nobody_but_the_deployer_may_read_unless_said() -> None:
    bundle = read_bundle(BUNDLE)
    grants = {
        (kind, key): [(grant["principal"], *sorted(grant["privileges"])) for grant in spec.get("grants", [])]
        for file in FILES
        for kind, key, spec in resources_of(file)
        if kind in ("schemas", "volumes")
    }
    assert grants == {
        ("schemas", "xray"): [("${var.readers}", "EXECUTE", "SELECT", "USE_SCHEMA")],
        ("volumes", "reports"): [("${var.readers}", "READ_VOLUME")],
        ("volumes", "images"): [],
        ("volumes", "weights"): [],
    }
    assert bundle.variables["readers"] == "${workspace.current_user.userName}"


def test_others_may_look_and_start_or_change_nothing() -> None:
    found = {
        (kind, entry["group_name"], entry["level"])
        for file in FILES
        for kind, _, spec in resources_of(file)
        for entry in spec.get("permissions", [])
    }
    levels = {("jobs", "CAN_VIEW"), ("dashboards", "CAN_READ"), ("sql_warehouses", "CAN_USE")}
    assert found == {(kind, "${var.viewers}", level) for kind, level in levels}


@pytest.mark.parametrize("job", JOBS)
def test_patients_ids_are_hashed_with_a_key_of_each_targets_own(job: str) -> None:
    keys = [load_job(BUNDLE, job, target=t, context=CONTEXT).parameters["patient_id_key"] for t in TARGETS]
    scopes = [f"covid_xray.main.{schema}" for schema in ("xray_someone", "xray_staging", "xray")]
    assert keys == [f"{scope}/patient_id_key" for scope in scopes]
    assert all(optional_secret(key) for key in keys)


def test_the_upload_script_names_the_images_volume() -> None:
    script = yaml.safe_load(BUNDLE.read_text())["scripts"]["upload"]
    images = load_job(BUNDLE, "training", context=CONTEXT).parameters["data"]
    assert (
        script["env"]["IMAGES"].replace("${var.catalog}", "main").replace("${var.schema}", "xray") == images
    )
    assert "${" not in script["content"]
