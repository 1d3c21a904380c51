from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from jobgraph import JobGraphError, target_names
from jobgraph.bundle import read_bundle

Write = Callable[..., Path]

VARIABLES = """
    variables:
      catalog: {default: main}
      schema: {default: xray}
      unset: {description: has no default}
    targets:
      dev: {variables: {schema: mine}}
      prod:
        variables:
          schema: {default: theirs}
        workspace: {root_path: /prod}
      plain:
"""


def test_without_a_target_variables_keep_their_own_defaults(write_bundle: Write) -> None:
    assert read_bundle(write_bundle(VARIABLES)).variables == {"catalog": "main", "schema": "xray"}


@pytest.mark.parametrize(("target", "schema"), [("dev", "mine"), ("prod", "theirs"), ("plain", "xray")])
def test_a_target_changes_variables(write_bundle: Write, target: str, schema: str) -> None:
    assert read_bundle(write_bundle(VARIABLES), target).variables == {"catalog": "main", "schema": schema}


def test_a_variable_with_a_lookup_has_no_value(write_bundle: Write) -> None:
    file = write_bundle("""
        variables:
          warehouse: {lookup: {warehouse: Starter}}
          owner: {default: me}
        targets:
          dev:
          prod: {variables: {owner: {lookup: {service_principal: robot}}}}
    """)
    assert read_bundle(file, "dev").variables == {"owner": "me"}
    assert read_bundle(file, "prod").variables == {}


def test_the_settings_of_a_target_override_those_of_the_bundle(write_bundle: Write) -> None:
    settings = read_bundle(write_bundle(VARIABLES), "prod").settings
    assert settings["workspace"] == {"root_path": "/prod"}
    assert settings["bundle"] == {"name": "small"}


def test_target_names_keep_the_order_of_the_file(write_bundle: Write) -> None:
    assert target_names(write_bundle(VARIABLES)) == ("dev", "prod", "plain")


def test_resources_come_from_databricks_yml_and_from_included_files(write_bundle: Write) -> None:
    file = write_bundle(
        "resources: {schemas: {here: {name: a}}}",
        one="resources: {volumes: {images: {name: b}}}",
    )
    found = [(r.kind, r.key, r.spec["name"], r.file.name) for r in read_bundle(file).resources]
    assert found == [("schemas", "here", "a", "databricks.yml"), ("volumes", "images", "b", "one.yml")]


@pytest.mark.parametrize(
    ("text", "resources", "message"),
    [
        ("include: [nowhere/*.yml]", {}, "include 'nowhere/*.yml' matches no file"),
        ("a: 1\na: 2", {}, "duplicate key 'a'"),
        ("a: [", {}, "is not valid YAML"),
        ("variables: [a]", {}, "variables is ['a']; it must be a mapping"),
        ("", {"one": "variables: {}"}, "has 'variables' next to resources; move it to databricks.yml"),
        ("", {"one": "resources: {jobs: {j: text}}"}, "j is 'text'; it must be a mapping"),
        (
            "",
            {"one": "resources: {jobs: {x: {}}}", "two": "resources: {schemas: {x: {}}}"},
            "two.yml: the key 'x' is already used in one.yml",
        ),
    ],
)
def test_an_invalid_bundle_is_refused_in_one_line(
    write_bundle: Write, text: str, resources: dict[str, str], message: str
) -> None:
    with pytest.raises(JobGraphError, match=re.escape(message)) as caught:
        read_bundle(write_bundle(text, **resources))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ("{prod: {}}", "unknown target 'dev'; choose one of: prod"),
        ("{dev: {variables: {schema: a}}}", "sets the undeclared variable 'schema'"),
        ("{dev: {resources: {}}}", "target 'dev' overrides resources"),
    ],
)
def test_an_invalid_target_is_refused(write_bundle: Write, targets: str, message: str) -> None:
    with pytest.raises(JobGraphError, match=message):
        read_bundle(write_bundle(f"targets: {targets}"), "dev")


def test_a_missing_bundle_is_named(tmp_path: Path) -> None:
    with pytest.raises(JobGraphError, match=r"cannot read .*databricks.yml: No such file"):
        read_bundle(tmp_path / "databricks.yml")
