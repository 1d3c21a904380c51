"""A folder of tiny X-rays, and the stages run on it as a task would run them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from covid_xray.ingest import Source, ingest
from covid_xray.progress import Progress
from covid_xray.runs import Request
from covid_xray.tables import Tables
from PIL import Image

CLASSES = ("Covid-19", "No_findings", "Pneumonia")


@pytest.fixture
def tables(spark, schema) -> Tables:
    return Tables(spark, "spark_catalog", schema)


@pytest.fixture
def xrays(tmp_path: Path) -> Path:
    """Ten noise pictures of 48x40 pixels in each of three classes, brighter from class to class."""
    root = tmp_path / "x rays"
    random = np.random.default_rng(5)
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
def run_ingest(tables, xrays, make_settings, said) -> Callable[..., None]:
    def run(
        run_id="r1", backbones=("ResNet50",), tasks=("binary", "multiclass"), patients=None, **changes
    ) -> None:
        request = Request(run_id, backbones, tasks, "random")
        now = datetime(2026, 1, 2, tzinfo=UTC)
        ingest(tables, make_settings(**changes), request, Source(xrays, patients), None, now, said.append)

    return run
