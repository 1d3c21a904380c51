"""docs/tables.md and the schemas that it is made from."""

from __future__ import annotations

from covid_xray.storage.__main__ import document
from covid_xray.storage.schemas import TABLES

from tests.unit.docs.pages import ROOT


def test_the_page_agrees_with_the_schemas() -> None:
    page = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    assert page == document(), "make it anew: .venv/bin/python -m covid_xray.storage >docs/tables.md"


def test_every_table_and_every_column_is_on_the_page() -> None:
    sections = dict(part.split("`\n", 1) for part in document().split("\n## `")[1:])
    assert list(sections) == list(TABLES)
    for name, table in TABLES.items():
        # Outside quotes, a column is what follows the start or a comma, up to its type.
        unquoted = "".join(table.columns.split("'")[::2])
        columns = [column.split()[0] for column in unquoted.split(",")]
        assert [column for column in columns if f"`{column}" not in sections[name]] == []
