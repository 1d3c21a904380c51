"""manifest.csv: what each original was before the resize; and refused.csv: what was left out and why."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

REFUSED = "refused.csv"


@dataclass(frozen=True)
class Original:
    """A row of manifest.csv. Paths are relative to their folders; sizes are in pixels and bytes."""

    path: str
    original_path: str
    original_sha256: str
    original_width: int
    original_height: int
    original_bytes: int
    original_format: str
    original_mode: str


@dataclass(frozen=True)
class Left:
    """A row of refused.csv: a file that was not taken, with a reason of radiograph's closed list.

    An upload leaves files behind for `DICOM` as well: they open, but say whose they are.
    """

    path: str
    reason: str
    detail: str


def write_rows(file: Path, kind: type[Original] | type[Left], rows: Iterable[Original | Left]) -> None:
    """Write a CSV with the kind's columns; whoever looks sees the old file or the new one."""
    part = file.with_name(f".{file.name}.part")
    with part.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([column.name for column in fields(kind)])
        writer.writerows(astuple(row) for row in rows)
    part.replace(file)
