"""A fresh schema with its own warehouse folder for each test that asks for one."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from covid_xray.storage.session import attach_warehouse
from pyspark.sql import SparkSession


@pytest.fixture
def schema(spark: SparkSession, tmp_path: Path) -> Iterator[str]:
    name = f"t_{uuid.uuid4().hex[:8]}"
    attach_warehouse(spark, tmp_path / "warehouse", name)
    yield name
    spark.sql(f"DROP SCHEMA spark_catalog.{name} CASCADE")
