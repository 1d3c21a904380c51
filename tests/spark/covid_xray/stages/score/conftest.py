"""The model that a small real run has registered, and a copy of the run's tables."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from covid_xray.registry.registry import Registry, registry_at
from covid_xray.registry.versions import Registered
from covid_xray.settings import Settings
from covid_xray.storage import runs
from covid_xray.storage.session import attach_warehouse
from covid_xray.storage.tables import Tables
from PIL import Image
from pyspark.sql import Row

from jobs.local.request import EXPERIMENT, tracking_uri


@dataclass(frozen=True)
class Trained:
    """A finished run, its registered model, and tables that may be written to."""

    run_id: str
    settings: Settings
    tables: Tables
    registry: Registry
    data: Path

    def model(self) -> Registered:
        return self.registry.fetch("ResNet50_binary/1")


@pytest.fixture(scope="session")
def trained(ran, spark, tmp_path_factory) -> Iterator[Trained]:
    warehouse = tmp_path_factory.mktemp("scored") / "warehouse"
    shutil.copytree(ran.output / "warehouse", warehouse)
    attach_warehouse(spark, warehouse, "scored")
    tables = Tables(spark, "spark_catalog", "scored")
    (row,) = tables.read("runs").collect()
    assert row.status == runs.SUCCEEDED
    registry = registry_at(tracking_uri(ran.output), "main", "xray", EXPERIMENT)
    settings = Settings.model_validate_json(row.settings)
    yield Trained(row.run_id, settings, tables, registry, ran.data)
    spark.sql("DROP SCHEMA spark_catalog.scored CASCADE")


@pytest.fixture
def refused(trained: Trained, run_id: str) -> Callable[[], dict[str, Row]]:
    """What the test's own scoring or evaluation has quarantined, by path."""

    def rows() -> dict[str, Row]:
        return {row.path: row for row in trained.tables.matching("quarantine", {"run_id": run_id}).collect()}

    return rows


def draw(file: Path, seed: int, shade: int) -> None:
    """Noise as that of `ran`'s images; the shade tells the class."""
    pixels = np.random.default_rng(seed).integers(0, 150, (40, 40)) + 100 * shade
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.astype(np.uint8)).save(file)


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """Two images that no run has seen, the second as the second class's, in no class folder."""
    draw(tmp_path / "new images" / "a.png", 701, shade=0)
    draw(tmp_path / "new images" / "deep" / "er" / "b.png", 702, shade=1)
    return tmp_path / "new images"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A labelled folder from another hospital: three images a class, in which the shades are swapped."""
    for shade, label in enumerate(("No_findings", "Covid-19")):
        for number in range(3):
            draw(tmp_path / "elsewhere" / label / f"{number}.png", 800 + 10 * number + shade, shade)
    return tmp_path / "elsewhere"
