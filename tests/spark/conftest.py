"""One Spark session for all tests, and a fresh schema with its own warehouse folder for each."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from covid_xray.session import attach_warehouse, local_session
from pyspark.sql import SparkSession


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    session = local_session("local[2]", tmp_path_factory.mktemp("logs") / "spark.log")
    yield session
    session.stop()


@pytest.fixture
def schema(spark: SparkSession, tmp_path: Path) -> Iterator[str]:
    name = f"t_{uuid.uuid4().hex[:8]}"
    attach_warehouse(spark, tmp_path / "warehouse", name)
    yield name
    spark.sql(f"DROP SCHEMA spark_catalog.{name} CASCADE")
