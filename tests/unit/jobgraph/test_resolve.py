from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from jobgraph import JobGraphError
from jobgraph.bundle import read_bundle
from jobgraph.resolve import Scope, problems_in, resolve, scope_of

TREE = {
    "bundle": {"name": "small"},
    "var": {
        "word": "text",
        "number": 3,
        "flag": True,
        "map": {"inner": "deep"},
        "again": "${var.word}-${bundle.name}",
        "circle": "${var.round}",
        "round": "a ${var.circle}",
    },
    "resources": {"schemas": {"x": {"name": "${var.word}_s"}}},
}


def scope(**context: str) -> Scope:
    return Scope(TREE, {name.replace("__", "."): value for name, value in context.items()})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("no reference", "no reference"),
        ("${var.word}", "text"),
        ("a ${var.word} b ${var.word}", "a text b text"),
        ("${var.number}", 3),
        ("n=${var.number}", "n=3"),
        ("f=${var.flag}", "f=true"),
        ("${var.map}", {"inner": "deep"}),
        ("${var.map.inner}", "deep"),
        ("${var.again}", "text-small"),
        ("${resources.schemas.x.name}", "text_s"),
        (["${var.word}", {"k": "${var.word}"}], ["text", {"k": "text"}]),
        ("{{job.run_id}} $HOME {}", "{{job.run_id}} $HOME {}"),
        (None, None),
    ],
)
def test_references_are_replaced_by_their_values(value: Any, expected: Any) -> None:
    assert resolve(value, "here", scope()) == expected


def test_the_context_takes_precedence() -> None:
    context = scope(workspace__file_path="/repo", var__word="other")
    assert resolve("${workspace.file_path}/${var.word}", "here", context) == "/repo/other"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("${var.none}", "here: ${var.none} has no value; give the variable 'none' a default"),
        ("${var.word.inner}", "${var.word.inner} has no value"),
        (
            "${resources.schemas.y.name}",
            "${resources.schemas.y.name} has no value; refer to an existing",
        ),
        ("${workspace.file_path}", "${workspace.file_path} has no value; only a deployment knows it"),
        ("${bundle.target}", "${bundle.target} has no value"),
        ("a ${var.map}", "${var.map} is not a string; it cannot be part of one"),
        ("${var.circle}", "${var.circle} refers to itself: var.circle -> var.round -> var.circle"),
        ({"k": ["", "${var.none}"]}, "here.k[1]: ${var.none}"),
    ],
)
def test_a_reference_without_a_value_is_an_error_with_its_location(value: Any, message: str) -> None:
    with pytest.raises(JobGraphError, match=re.escape(message)):
        resolve(value, "here", scope())


def test_all_problems_are_listed() -> None:
    problems = problems_in({"a": "${var.x}${var.y}", "b": "${var.word}"}, "f.yml", scope())
    assert [problem.split(" has")[0] for problem in problems] == ["f.yml.a: ${var.x}", "f.yml.a: ${var.y}"]


@pytest.mark.parametrize(("target", "expected"), [("dev", "small dev /dev"), ("prod", "small prod /all")])
def test_the_scope_of_a_bundle_depends_on_its_target(
    write_bundle: Callable[..., Path], target: str, expected: str
) -> None:
    text = "workspace: {root_path: /all}\ntargets: {dev: {workspace: {root_path: /dev}}, prod: {}}"
    bundle = read_bundle(write_bundle(text), target)
    names: Mapping[str, str] = {}
    value = "${bundle.name} ${bundle.target} ${workspace.root_path}"
    assert resolve(value, "here", scope_of(bundle, names)) == expected
