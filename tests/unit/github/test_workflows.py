"""The workflows for people who fork this: what a person types, with no logic and no secret in them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# Commands of the README and of docs/workspace.md.
TYPED = {
    "run-tests": ["sh wrapper.sh lint", "sh wrapper.sh test"],
    "bundle-ci": ["databricks bundle validate --strict -t staging"],
    "bundle-cd-staging": ["databricks bundle deploy -t staging"],
    "bundle-cd-prod": ["databricks bundle deploy -t prod"],
}
# Where a token of GitHub's stands for the service principal:
# https://docs.databricks.com/aws/en/dev-tools/auth/provider-github
OIDC = {
    "DATABRICKS_AUTH_TYPE": "github-oidc",
    "DATABRICKS_HOST": "${{ vars.DATABRICKS_HOST }}",
    "DATABRICKS_CLIENT_ID": "${{ vars.DATABRICKS_CLIENT_ID }}",
}
# What a fork's workspace has under another name; the CLI takes an empty variable for a value.
FORKS = {
    "BUNDLE_VAR_catalog": "${{ vars.CATALOG || 'workspace' }}",
    "BUNDLE_VAR_node_type": "${{ vars.NODE_TYPE || 'r5d.2xlarge' }}",
}


def workflow(name: str) -> dict[Any, Any]:
    file = ROOT / ".github" / "workflows" / f"covid_xray-{name}.yml"
    loaded: dict[Any, Any] = yaml.safe_load(file.read_text())
    return loaded


def steps(name: str) -> list[dict[str, Any]]:
    (job,) = workflow(name)["jobs"].values()
    return list(job["steps"])


def test_there_is_one_for_each_of_them() -> None:
    assert [file.stem.removeprefix("covid_xray-") for file in FILES] == sorted(TYPED)


@pytest.mark.parametrize("name", TYPED)
def test_it_runs_what_a_person_types(name: str) -> None:
    assert [step["run"] for step in steps(name) if "run" in step] == TYPED[name]


@pytest.mark.parametrize("name", TYPED)
def test_actions_are_pinned_by_commit(name: str) -> None:
    used = [step["uses"] for step in steps(name) if "uses" in step]
    assert used and all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action) for action in used)


@pytest.mark.parametrize("name", sorted(TYPED.keys() - {"run-tests"}))
def test_the_workspace_is_entered_without_a_secret(name: str) -> None:
    (job,) = workflow(name)["jobs"].values()
    assert job["environment"] in ("staging", "prod")
    assert job["env"] == OIDC | FORKS
    assert workflow(name)["permissions"] == {"contents": "read", "id-token": "write"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_knows_no_secret(file: Path) -> None:
    assert "secrets." not in file.read_text()


def test_a_fork_that_says_nothing_deploys_with_the_defaults() -> None:
    variables = yaml.safe_load((ROOT / "databricks.yml").read_text())["variables"]
    for name, value in FORKS.items():
        assert f"'{variables[name.removeprefix('BUNDLE_VAR_')]['default']}'" in value


def test_no_validation_takes_the_turn_of_a_deployment() -> None:
    groups = [workflow(name)["jobs"]["bundle"]["concurrency"] for name in TYPED if name.startswith("bundle")]
    assert len(set(groups)) == len(groups)


def test_main_goes_to_staging_and_a_tag_to_prod() -> None:
    # YAML reads the key `on` as true.
    assert workflow("bundle-cd-staging")[True] == {"push": {"branches": ["main"]}}
    assert workflow("bundle-cd-prod")[True] == {"push": {"tags": ["v*"]}}
