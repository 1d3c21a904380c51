"""Print docs/tables.md: `.venv/bin/python -m covid_xray.storage >docs/tables.md`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from html import escape
from itertools import groupby

from covid_xray.storage.schemas import TABLES, TableSchema

_INTRODUCTION = """\
# Tables

For anyone who queries the results of a run.

A run writes Delta tables that any Delta reader opens: into `<output>/warehouse` on one machine, into a
schema of Unity Catalog on a workspace. Locally, `sh wrapper.sh sql "SELECT ..." --output out` queries them.
A `run_id` sorts by time. [metrics.md](metrics.md) explains `metric`, [results.md](results.md) `protocol`.
Columns are of type STRING where no other is given.

`.venv/bin/python -m covid_xray.storage >docs/tables.md` generates this page from
`bundle/covid_xray/storage/schemas.py`.
"""
# What a row stands for, where a table's comment leaves that open.
_ROWS = {
    "images": "`content` holds pixels and nothing that stood beside them (EXIF, comments, texts, profiles).",
    "quarantine": "A row per file and run.",
    "near_duplicates": "A row per run and pair.",
    "splits": "A row per run, protocol, task, repeat and image.",
    "features": "A row per image, backbone, weights, pooling and preprocessing.",
    "gram": "A row per backbone, weights, pooling and preprocessing.",
    "predictions": "A row per held-out prediction.",
    "metrics": "A row per metric and class.",
    "strata": "A row per network, protocol, stratum and metric; a stratum that holds all images has none.",
    "comparisons": "A row per pair of classifiers.",
    "explanations": "A row per held-out image and classifier.",
    "source_probes": "A row per run, backbone, class and source, and one per control.",
    "scores": "A row per image and model version.",
    "runs": "A row per run, backbone and task.",
}
_COLUMN = re.compile(r"(\w+) ([A-Z]+(?:<\w+>)?)(?: COMMENT '([^']*)')?")


def document() -> str:
    """Return the columns of all tables as Markdown."""
    return _INTRODUCTION + "".join(_section(name, table) for name, table in TABLES.items())


def _section(name: str, table: TableSchema) -> str:
    partitioned = ", ".join(f"`{column}`" for column in table.partitioned_by)
    sentences = [
        f"{table.comment}.",
        _ROWS[name],
        *([f"Partitioned by {partitioned}."] if partitioned else []),
    ]
    return f"\n## `{name}`\n\n{' '.join(sentences)}\n\n" + "".join(f"- {line}\n" for line in _lines(table))


def _lines(table: TableSchema) -> Iterator[str]:
    """Yield a line for each column with a comment, and one for neighbours that have none."""
    for explained, columns in groupby(_COLUMN.findall(table.columns), key=lambda column: bool(column[2])):
        named = [
            (f"`{name}`" if kind == "STRING" else f"`{name} {kind}`", text) for name, kind, text in columns
        ]
        if explained:
            yield from (f"{column}: {escape(text, quote=False)}" for column, text in named)
        else:
            yield ", ".join(column for column, _ in named)


if __name__ == "__main__":
    sys.stdout.write(document())
