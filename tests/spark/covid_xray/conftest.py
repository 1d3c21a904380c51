"""Tables shared by the stages' tests, a folder of tiny X-rays, and what `ingest` leaves behind."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from covid_xray.dataset.data_folder import DataFolder
from covid_xray.evaluation.splits import split
from covid_xray.progress import Progress
from covid_xray.stages.ingest import ingest
from covid_xray.storage import runs
from covid_xray.storage.runs import Request
from covid_xray.storage.schemas import TABLES
from covid_xray.storage.session import attach_warehouse
from covid_xray.storage.tables import Tables
from PIL import Image
from pyspark.sql import Row
from pyspark.sql import functions as F

CLASSES = ("Covid-19", "No_findings", "Pneumonia")
BACKBONE = "ResNet50"
NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture(scope="session")
def tables(spark, tmp_path_factory) -> Iterator[Tables]:
    """One set of tables, as one workspace has; tests tell their rows apart by the run."""
    attach_warehouse(spark, tmp_path_factory.mktemp("stages") / "ware house", "stages")
    tables = Tables(spark, "spark_catalog", "stages")
    tables.create_all()
    yield tables
    spark.sql("DROP SCHEMA spark_catalog.stages CASCADE")


@pytest.fixture
def run_id(request: pytest.FixtureRequest) -> str:
    """A run of the test's own."""
    return request.node.name


@pytest.fixture
def of_run(tables, run_id) -> Callable[..., list[Row]]:
    """The rows of this test's run in a table."""

    def rows(table, suffix=""):
        return tables.read(table).where(F.col("run_id") == run_id + suffix).collect()

    return rows


@pytest.fixture
def holding(tables) -> Callable[..., set[str]]:
    """The columns in whose values one of some texts stands, in any table: `images.path`."""

    def columns(texts, of=tables):
        hit = "|".join(map(re.escape, texts))
        return {
            f"{table}.{column}"
            for table in TABLES
            for column, values in of.read(table).drop("content", "features", "products").toPandas().items()
            if any(re.search(hit, str(value)) for value in values)
        }

    return columns


@pytest.fixture
def said() -> list[Progress]:
    """What the stages have reported."""
    return []


def draw(run_id: str) -> Iterator[tuple[str, int, bytes]]:
    """Ten noise pictures of 48x40 pixels in each of three classes, which no other run has."""
    random = np.random.default_rng(list(run_id.encode()))
    for shade, label in enumerate(CLASSES):
        for number in range(10):
            pixels = random.integers(0, 120, (40, 48)) + 60 * shade
            file = io.BytesIO()
            Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
            yield label, number, file.getvalue()


@pytest.fixture
def xrays(tmp_path: Path, run_id: str) -> Path:
    """The pictures as a data folder."""
    root = tmp_path / "x rays"
    for label, number, content in draw(run_id):
        (root / label).mkdir(parents=True, exist_ok=True)
        (root / label / f"{number} picture.png").write_bytes(content)
    return root


@pytest.fixture
def run_ingest(tables, xrays, run_id, few_fits, said, tmp_path) -> Callable[..., None]:
    def run(
        suffix="", backbones=(BACKBONE,), tasks=("binary", "multiclass"), patients=None, key=None, **changes
    ) -> None:
        request = Request(run_id + suffix, backbones, tasks, "random", tmp_path)
        ingest(tables, few_fits(**changes), request, DataFolder(xrays, patients, key), NOW, said.append)

    return run


@pytest.fixture
def ingested(tables, run_id, few_fits, store) -> Callable[..., list[str]]:
    """Write what `ingest` would have, in three commits: images, splits and pending rows. Returns the ids."""

    def write(suffix="", per_class=10, images=True, backbone=BACKBONE) -> list[str]:
        settings = few_fits()
        drawn = [(label, content) for label, number, content in draw(run_id) if number < per_class]
        ids = [hashlib.sha256(content).hexdigest() for _, content in drawn]
        rows = [
            {"image_id": image_id, "label": label, "patient_id": image_id, "content": content}
            # No two pictures are equal.
            | {"path": f"{label}/{image_id}.png", "pixel_id": image_id, "source": None}
            for image_id, (label, content) in zip(ids, drawn, strict=True)
        ]
        if images:
            known = {row.image_id for row in tables.read("images").select("image_id").collect()}
            new = [row for row in rows if row["image_id"] not in known]
            tables.append("images", new)
        drawn_splits = split(pd.DataFrame(rows), settings).assign(run_id=run_id + suffix)
        records = drawn_splits.astype(object).where(drawn_splits.notna(), None).to_dict("records")
        tables.append("splits", records)
        request = Request(run_id + suffix, (backbone,), ("binary", "multiclass"), "random", store)
        runs.open_run(tables, request, "inputs", settings, NOW)
        return ids

    return write


@pytest.fixture
def begun_with(tables, run_id) -> Callable[..., None]:
    """Have the rows of this test's run say something else of how it is done."""

    def change(suffix="", **columns) -> None:
        runs.update(tables, runs.state(tables, run_id + suffix), **columns)

    return change
