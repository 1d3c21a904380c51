"""Hold the tables of two output folders to one another, row for row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from deltalake import DeltaTable

# What tells rows apart; whatever else is in a row follows from it.
KEYS = {
    "images": ["image_id"],
    "quarantine": ["path"],
    "splits": ["protocol", "task", "repeat", "image_id"],
    "features": ["backbone", "preprocessing", "image_id"],
    "gram": ["backbone", "preprocessing"],
    "predictions": ["kind", "backbone", "task", "protocol", "repeat", "image_id"],
    "metrics": ["kind", "backbone", "task", "protocol", "metric", "class"],
    "comparisons": ["task", "protocol", "first", "second_kind", "second"],
    "explanations": ["backbone", "task", "protocol", "repeat", "image_id"],
    "source_probes": ["backbone", "label", "source", "is_control"],
    "scores": ["model", "image_id"],
    "runs": ["backbone", "task"],
}
# When it was, how long it took, how many images were left for the last command, and in which folder the
# weights lie; which weights they are is compared.
_PASSING = [
    *("run_id", "updated_at", "featurize_seconds", "train_seconds", "featurized_images"),
    *("weights_store", "weights_file"),
]
_PACKED = {"features": "<f4", "products": "<f8"}
# Networks differ in the last bits where images come in other batches.
_TOLERANCE = 1e-4


def rows(output: Path, table: str, run_id: str | None = None) -> pd.DataFrame:
    """The rows of a table, of one run where it has runs, sorted by key."""
    frame = DeltaTable(output / "warehouse" / table).to_pandas()
    if run_id is not None and "run_id" in frame:
        frame = frame[frame["run_id"] == run_id]
    return frame.sort_values(KEYS[table], ignore_index=True)


def first_run(output: Path) -> str:
    """The oldest run of an output folder."""
    return str(rows(output, "runs")["run_id"].min())


def differences(ours: Path, theirs: Path) -> Iterator[str]:
    """What the first runs of two folders do not have in common, a line each, and rows that stand twice."""
    runs = first_run(ours), first_run(theirs)
    for table, key in KEYS.items():
        one, other = rows(ours, table, runs[0]), rows(theirs, table, runs[1])
        for frame in (one, other):
            if frame.duplicated(key).any():
                yield f"{table}: {frame[frame.duplicated(key)][key].iloc[0].to_dict()} stands twice"
        if not one[key].equals(other[key]):
            yield f"{table}: {len(one)} rows and {len(other)}, or others"
            continue
        for column in one.columns.difference(_PASSING):
            if not _equal(one[column], other[column]):
                yield f"{table}.{column}"


def _equal(one: pd.Series, other: pd.Series) -> bool:
    if one.isna().tolist() != other.isna().tolist():
        return False
    kind = _PACKED.get(str(one.name))
    unpack = (lambda cell: np.frombuffer(cell, kind)) if kind else np.asarray
    return all(_close(unpack(a), unpack(b)) for a, b in zip(one.dropna(), other.dropna(), strict=True))


def _close(one: np.ndarray, other: np.ndarray) -> bool:
    if one.shape != other.shape or one.dtype.kind != "f":
        return np.array_equal(one, other)
    largest = np.abs(one).max(initial=0)
    return bool(np.abs(one - other).max(initial=0) <= _TOLERANCE * max(1, largest))
