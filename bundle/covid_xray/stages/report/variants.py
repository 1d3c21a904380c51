"""Runs that differ from another in nothing but `preprocessing`: its figures are to stand beside theirs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from pyspark.sql import functions as F

from covid_xray.storage import runs
from covid_xray.storage.tables import Tables

_Row = Mapping[str, Any]


def read_variants(tables: Tables, shown: Sequence[_Row]) -> list[_Row]:
    """Return, for each row of `runs` that is shown, the newest success that is its variant, if any is."""
    successes = tables.read("runs").where(F.col("status") == runs.SUCCEEDED).orderBy("updated_at").collect()
    pairs = pairs_of_variants(shown, [row.asDict() for row in successes])
    folds = _folds(tables, sorted({row["run_id"] for pair in pairs for row in pair})) if pairs else {}
    same = [(own, other) for own, other in pairs if _drawn(folds, own) == _drawn(folds, other)]
    return list({(own["backbone"], own["task"]): other for own, other in same}.values())


def pairs_of_variants(shown: Sequence[_Row], successes: Sequence[_Row]) -> list[tuple[_Row, _Row]]:
    """Pair rows of one network, task and weights whose settings are equal but for `preprocessing`."""
    own = {_but_preprocessing(row): row for row in shown if row["status"] == runs.SUCCEEDED}
    pairs = [(own.get(_but_preprocessing(row)), row) for row in successes]
    return [(one, other) for one, other in pairs if one and _preprocessing(one) != _preprocessing(other)]


def _but_preprocessing(row: _Row) -> tuple[str, ...]:
    settings = json.loads(row["settings"])
    # How the work was cut up changes no figure.
    counts = {name: value for name, value in settings.items() if name not in ("preprocessing", "execution")}
    key = itemgetter("backbone", "task", "weights_id")(row)
    return *key, json.dumps(counts, sort_keys=True)


def _preprocessing(row: _Row) -> str:
    return str(json.loads(row["settings"])["preprocessing"])


def _folds(tables: Tables, run_ids: Sequence[str]) -> dict[tuple[str, str], tuple[int, int]]:
    """Return, by run and task, a hash of the images, their patients and the folds that hold them out."""
    row = F.xxhash64("protocol", "repeat", "fold", "image_id", "label", "patient_id")
    drawn = tables.read("splits").where(F.col("run_id").isin(list(run_ids)))
    hashed = drawn.groupBy("run_id", "task").agg(F.count("*"), F.bit_xor(row)).collect()
    return {(run_id, task): (count, value) for run_id, task, count, value in hashed}


def _drawn(folds: Mapping[tuple[str, str], tuple[int, int]], row: _Row) -> tuple[int, int] | None:
    return folds.get((row["run_id"], row["task"]))
