"""The dashboard's file: whole in itself, laid out on the grid, and honest on every page."""

from __future__ import annotations

import json
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from covid_xray.storage.schemas import TABLES

ROOT = Path(__file__).resolve().parents[3]
RESOURCES = ROOT / "resources"


def resource(kind: str, key: str) -> dict[str, Any]:
    document = yaml.safe_load((RESOURCES / f"{key}.{kind.removesuffix('s')}.yml").read_text())
    return dict(document["resources"][kind][key])


SPEC = resource("dashboards", "results")
FILE = RESOURCES / SPEC["file_path"]
DASHBOARD = json.loads(FILE.read_text())
DATASETS = {dataset["name"]: "".join(dataset["queryLines"]) for dataset in DASHBOARD["datasets"]}
PAGES = DASHBOARD["pages"]
PLACED = [placed for page in PAGES for placed in page["layout"]]
# A text has no query and no `spec`.
WIDGETS = [placed["widget"] for placed in PLACED if "multilineTextboxSpec" not in placed["widget"]]
COLUMNS = 6
# Versions that a workspace draws; another one is "an invalid widget definition" there.
VERSIONS = {"table": 2, "bar": 3, "line": 3}


def by_name(named: dict[str, Any]) -> str:
    return str(named["name"])


def fields_of(widget: dict[str, Any]) -> dict[str, str]:
    ((query),) = widget["queries"]
    return {field["name"]: field["expression"] for field in query["query"]["fields"]}


def encodings_of(widget: dict[str, Any]) -> list[dict[str, Any]]:
    encodings = widget["spec"]["encodings"]
    return encodings["columns"] if "columns" in encodings else list(encodings.values())


def cells(position: dict[str, int]) -> set[tuple[int, int]]:
    across = range(position["x"], position["x"] + position["width"])
    down = range(position["y"], position["y"] + position["height"])
    return {(x, y) for x in across for y in down}


def test_it_has_a_page_of_results_one_of_the_audit_and_one_of_operations() -> None:
    assert [page["displayName"] for page in PAGES] == ["Results", "Audit", "Operations"]


def test_every_name_is_given_once() -> None:
    names = [*DATASETS, *map(by_name, PAGES), *(placed["widget"]["name"] for placed in PLACED)]
    assert sorted(names) == sorted(set(names))
    assert len(DATASETS) == len(DASHBOARD["datasets"])


def test_every_dataset_is_shown() -> None:
    assert {widget["queries"][0]["query"]["datasetName"] for widget in WIDGETS} == set(DATASETS)


@pytest.mark.parametrize("widget", WIDGETS, ids=by_name)
def test_a_widget_draws_columns_of_its_dataset_as_they_are(widget: dict[str, Any]) -> None:
    fields = fields_of(widget)
    assert fields == {name: f"`{name}`" for name in fields}
    assert [encoding["fieldName"] for encoding in encodings_of(widget)] == list(fields)
    assert all(encoding["displayName"] for encoding in encodings_of(widget))


@pytest.mark.parametrize("widget", WIDGETS, ids=by_name)
def test_a_widget_has_a_title_and_the_version_of_its_type(widget: dict[str, Any]) -> None:
    spec = widget["spec"]
    assert spec["version"] == VERSIONS[spec["widgetType"]]
    assert spec["frame"]["showTitle"]
    assert spec["frame"]["title"]


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_widgets_lie_on_the_grid_and_none_on_another(page: dict[str, Any]) -> None:
    taken = [cells(placed["position"]) for placed in page["layout"]]
    assert all(taken)
    assert all(0 <= x < COLUMNS and y >= 0 for one in taken for x, y in one)
    assert not any(one & other for one, other in combinations(taken, 2))


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_a_page_begins_with_what_it_is_not_for_and_how_random_weights_are_marked(
    page: dict[str, Any],
) -> None:
    first = min(page["layout"], key=lambda placed: placed["position"]["y"])
    said = "".join(first["widget"]["multilineTextboxSpec"]["lines"])
    assert "Not for clinical use" in said
    assert "random weights" in said


@pytest.mark.parametrize("name", DATASETS)
def test_a_query_names_tables_only_and_leaves_the_schema_to_the_target(name: str) -> None:
    words = DATASETS[name].split()
    sources = [after for word, after in pairwise(words) if word in ("FROM", "JOIN")]
    assert sources
    assert set(sources) <= {*TABLES, "newest"}


def test_the_catalog_and_the_schema_are_the_targets() -> None:
    assert SPEC["dataset_catalog"] == "${var.catalog}"
    assert SPEC["dataset_schema"] == "${resources.schemas.xray.name}"


def test_who_looks_reads_with_rights_of_their_own_on_a_warehouse_they_may_use() -> None:
    assert SPEC["embed_credentials"] is False
    (may_read,) = SPEC["permissions"]
    assert may_read == {"group_name": "${var.viewers}", "level": "CAN_READ"}


def test_its_queries_run_on_the_warehouse_that_the_workspace_came_with() -> None:
    # The free edition allows one warehouse: another one of our own would fail there.
    assert SPEC["warehouse_id"] == "${var.warehouse_id}"
    declared = yaml.safe_load((ROOT / "databricks.yml").read_text())["variables"]["warehouse_id"]
    assert declared["lookup"] == {"warehouse": "Serverless Starter Warehouse"}


def test_the_file_is_not_synced_as_a_second_dashboard() -> None:
    paths = yaml.safe_load((ROOT / "databricks.yml").read_text())["sync"]["paths"]
    assert not any(FILE.is_relative_to(ROOT / path) for path in paths)
