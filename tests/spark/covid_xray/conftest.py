"""A folder of tiny X-rays, and the stages run on it as a task would run them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from covid_xray.ingest import Source, ingest
from covid_xray.progress import Progress
from covid_xray.runs import Request
from covid_xray.session import attach_warehouse
from covid_xray.tables import Tables
from PIL import Image

CLASSES = ("Covid-19", "No_findings", "Pneumonia")


@pytest.fixture(scope="session")
def tables(spark, tmp_path_factory) -> Iterator[Tables]:
    """One set of tables, as one workspace has; tests tell their rows apart by the run."""
    attach_warehouse(spark, tmp_path_factory.mktemp("stages") / "ware house", "stages")
    yield Tables(spark, "spark_catalog", "stages")
    spark.sql("DROP SCHEMA spark_catalog.stages CASCADE")


@pytest.fixture
def run_id(request: pytest.FixtureRequest) -> str:
    """A run of the test's own."""
    return request.node.name


@pytest.fixture
def xrays(tmp_path: Path, run_id: str) -> Path:
    """Ten noise pictures of 48x40 pixels in each of three classes, brighter from class to class."""
    return draw_noise(tmp_path / "x rays", run_id)


def draw_noise(root: Path, name: str) -> Path:
    """Pictures that no other name gives."""
    random = np.random.default_rng(list(name.encode()))
    for shade, label in enumerate(CLASSES):
        (root / label).mkdir(parents=True)
        for n in range(10):
            pixels = random.integers(0, 120, (40, 48)) + 60 * shade
            Image.fromarray(pixels.astype(np.uint8)).save(root / label / f"{n} picture.png")
    return root


@pytest.fixture
def said() -> list[Progress]:
    """What the stages have reported."""
    return []


@pytest.fixture
def run_ingest(tables, xrays, run_id, make_settings, said) -> Callable[..., None]:
    def run(
        suffix="", backbones=("ResNet50",), tasks=("binary", "multiclass"), patients=None, **changes
    ) -> None:
        request = Request(run_id + suffix, backbones, tasks, "random")
        now = datetime(2026, 1, 2, tzinfo=UTC)
        ingest(tables, make_settings(**changes), request, Source(xrays, patients), None, now, said.append)

    return run
