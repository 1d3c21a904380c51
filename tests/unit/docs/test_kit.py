"""What contributors and those who cite find: hooks, forms and metadata that agree with the project."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.docs.pages import ROOT

FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def read(file: str) -> Any:
    return yaml.safe_load((ROOT / file).read_text(encoding="utf-8"))


def test_hooks_call_the_linters_of_the_environment_and_fetch_nothing() -> None:
    (repository,) = read(".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    assert {hook["language"] for hook in repository["hooks"]} == {"system"}
    typed = " ".join(hook["entry"] for hook in repository["hooks"])
    lint = re.search(r"^lint\)\n(.*?);;", (ROOT / "wrapper.sh").read_text(encoding="utf-8"), re.M | re.S)
    assert lint is not None
    for linter in ("ruff check", "ruff format", "mypy", "lint-imports --no-logo"):
        assert linter in typed
        assert re.search(linter.replace(" ", r'"? '), lint[1])


@pytest.mark.parametrize(
    "form", [form for form in FORMS if form.stem != "config"], ids=lambda form: form.stem
)
def test_a_form_asks_each_thing_once_and_for_something(form: Path) -> None:
    asked = yaml.safe_load(form.read_text(encoding="utf-8"))
    questions = [item for item in asked["body"] if item["type"] != "markdown"]
    assert asked["name"] and asked["description"]
    assert len({item["id"] for item in questions}) == len(questions)
    assert any(item.get("validations", {}).get("required") for item in questions)


def test_forms_warn_of_what_must_not_be_attached() -> None:
    for name in ("bug", "data"):
        assert "Attach no X-ray" in (ROOT / ".github" / "ISSUE_TEMPLATE" / f"{name}.yml").read_text("utf-8")


def test_version_and_licence_are_the_same_wherever_they_stand() -> None:
    citation = read("CITATION.cff")
    assert str(citation["version"]) == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]
    assert f"## {PROJECT['version']}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_whoever_is_cited_has_a_name_and_every_reference_an_author() -> None:
    citation = read("CITATION.cff")
    assert citation["cff-version"] == "1.2.0" and citation["message"] and citation["title"]
    works = [citation, *citation["references"]]
    assert all(author.keys() & {"name", "family-names"} for work in works for author in work["authors"])
