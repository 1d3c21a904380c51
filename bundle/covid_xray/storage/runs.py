"""The table `runs`: the request, inputs and status of every run."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby, product
from operator import itemgetter
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F
from sparkdl.weights import kind_of

from covid_xray.dataset.attributes import ATTRIBUTES
from covid_xray.errors import StageError, one_line
from covid_xray.settings import Settings
from covid_xray.software import code_id, versions
from covid_xray.storage.tables import Tables

PENDING, RUNNING, SUCCEEDED, FAILED = "pending", "running", "succeeded", "failed"


@dataclass(frozen=True)
class Request:
    """The request for a run.

    Attributes
    ----------
    run_id : str
        Sorts by time.
    backbones, tasks : tuple of str
        Each pair is one row of `runs`.
    weights : str
        `imagenet`, `random`, or the path of a weights file or of a folder of them.
    weights_store : Path
        Folder that driver and workers can read; downloaded and random weights are stored there.
    git_commit : str or None
        Commit of the code.
    """

    run_id: str
    backbones: tuple[str, ...]
    tasks: tuple[str, ...]
    weights: str
    weights_store: Path
    git_commit: str | None = None


def new_run_id(now: datetime) -> str:
    """Return a run id that sorts by time, with a random suffix: `20261123T061133Z-ab12`."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


def inputs_id(inventory: pd.DataFrame, weights: str, settings: Settings) -> str:
    """Hash all that results depend on: images and what is known of them, kind of weights, settings, code.

    Parameters
    ----------
    weights : str
        As `Request.weights`.

    Notes
    -----
    Weights files are not part of the hash but are recorded in each row of `runs`, since the files of the
    backbones of one experiment may be provided one after another.
    """
    columns = ["path", "image_id", "reason", "patient_id", "source", *ATTRIBUTES]
    images = inventory[columns].astype(str).to_csv(index=False)
    parts = [images, kind_of(weights), settings.result_parameters(), code_id()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def find_run(tables: Tables, inputs: str) -> str | None:
    """Return the id of the newest run with equal inputs, or None."""
    if not tables.exist():
        return None
    same = tables.read("runs").where(F.col("inputs_id") == inputs)
    return same.agg(F.max("run_id")).collect()[0][0]  # type: ignore[no-any-return]


def state(tables: Tables, run_id: str, backbone: str | None = None) -> list[dict[str, Any]]:
    """Return the rows of a run, sorted by backbone and task."""
    of_backbone = {} if backbone is None else {"backbone": backbone}
    rows = tables.matching("runs", {"run_id": run_id} | of_backbone).collect()
    # Sorted here: Spark would need two jobs for a few rows.
    return sorted((row.asDict() for row in rows), key=itemgetter("backbone", "task"))


def existing_rows(tables: Tables, run_id: str, backbone: str | None = None) -> list[dict[str, Any]]:
    """Return what `state` does, at least one row.

    Raises
    ------
    StageError
        If the run, or its part for this backbone, does not exist.
    """
    rows = state(tables, run_id, backbone)
    if not rows:
        part = f" of {backbone}" if backbone else ""
        raise StageError(f"run {run_id}{part} does not exist: run the ingest task first")
    return rows


def rows_with_reused(tables: Tables, run_id: str) -> list[dict[str, Any]]:
    """Return, per backbone and task, this run's row or else the newest success with equal inputs.

    Raises
    ------
    StageError
        If the run does not exist.
    """
    own = existing_rows(tables, run_id)
    # By time, not by id: run ids of a workspace do not sort by time.
    newest = Window.partitionBy("backbone", "task").orderBy(F.desc("updated_at"))
    same = (F.col("inputs_id") == own[0]["inputs_id"]) & (F.col("status") == SUCCEEDED)
    ranked = tables.read("runs").where(same).withColumn("rank", F.row_number().over(newest))
    reused = [row.asDict() for row in ranked.where("rank = 1").drop("rank").collect()]
    return list({(row["backbone"], row["task"]): row for row in [*reused, *own]}.values())


def images_of(tables: Tables, run_id: str) -> DataFrame:
    """Return the rows of `images` that a run uses."""
    used = tables.matching("splits", {"run_id": run_id}).select("image_id").distinct()
    return tables.read("images").join(F.broadcast(used), "image_id", how="left_semi")


def settings_of(rows: Sequence[Mapping[str, Any]]) -> Settings:
    """Return the settings that a run was started with, whatever config.yaml contains now.

    Parameters
    ----------
    rows : sequence of mapping
        Rows of one run, as `existing_rows` returns them.

    Raises
    ------
    StageError
        If this version cannot read the settings.
    """
    try:
        return Settings.model_validate_json(rows[0]["settings"])
    except ValidationError as error:
        raise StageError(
            f"run {rows[0]['run_id']} was started by a version with other settings "
            f"({error.errors()[0]['msg']}): start a new run"
        ) from None


def open_run(
    tables: Tables,
    request: Request,
    inputs: str,
    settings: Settings,
    now: datetime,
    counts: Mapping[str, int] | None = None,
) -> None:
    """Write a `pending` row for every requested pair that has not succeeded in this run yet.

    In rows that have succeeded only the source of the weights is updated: if the weights have changed,
    `featurize` computes these rows again.

    Parameters
    ----------
    counts : mapping of str to int
        By column of `runs`: of the patients and metadata files and of the images of unknown patients.
    """
    sources = {name: _source(request, settings, name) for name in request.backbones}
    pending = {
        "run_id": request.run_id,
        "inputs_id": inputs,
        "status": PENDING,
        "settings": settings.model_dump_json(),
        "versions": json.dumps(versions()),
        "git_commit": request.git_commit,
        "updated_at": now,
        **(counts or {}),
    }
    existing = state(tables, request.run_id)
    requested = {
        pair: pending | sources[pair[0]] | {"backbone": pair[0], "task": pair[1]}
        for pair in product(request.backbones, request.tasks)
    }
    preserved = {
        (row["backbone"], row["task"]): row | sources[row["backbone"]]
        for row in existing
        if row["backbone"] in request.backbones
        and (row["status"] == SUCCEEDED or row["task"] not in request.tasks)
    }
    rows = list((requested | preserved).values())
    if existing:
        _overwrite(tables, rows)
    else:
        tables.append("runs", rows)


def _source(request: Request, settings: Settings, backbone: str) -> dict[str, str]:
    """Return the columns that say where the weights of a network come from."""
    source = settings.weights_source(request.weights, backbone)
    return {
        "weights": kind_of(source),
        "weights_source": source,
        "weights_store": str(request.weights_store),
    }


def update(tables: Tables, rows: Iterable[Mapping[str, Any]], **changes: Any) -> None:
    """Change columns of rows that `state` returned, and set `updated_at` to the current time."""
    changed = [{**row, **changes, "updated_at": datetime.now(UTC)} for row in rows]
    for _, backbone_rows in groupby(changed, key=itemgetter("backbone")):
        _overwrite(tables, list(backbone_rows))


@contextmanager
def record_failures(tables: Tables, run_id: str, backbone: str | None = None) -> Iterator[None]:
    """On an error, mark the unfinished rows of one backbone or of all as `failed`, and raise it again."""
    try:
        yield
    except BaseException as error:
        unfinished = [r for r in state(tables, run_id, backbone) if r["status"] in (PENDING, RUNNING)]
        update(tables, unfinished, status=FAILED, error=one_line(error))
        raise


def _overwrite(tables: Tables, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the rows, which must be all rows of their backbones and tasks, in one commit."""
    keys = {name: sorted({row[name] for row in rows}) for name in ("run_id", "backbone", "task")}
    tables.overwrite("runs", rows, where=keys)
