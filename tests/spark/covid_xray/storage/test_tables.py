"""Tables of an earlier version, a disk that is full, rows without number, and a place that is none."""

import resource
from contextlib import contextmanager
from functools import partial

import pytest
from covid_xray.errors import StageError, one_line
from covid_xray.storage import frames
from covid_xray.storage import tables as tables_module
from covid_xray.storage.tables import Tables


@pytest.fixture
def fresh(spark, schema):
    return Tables(spark, "spark_catalog", schema)


@contextmanager
def full_disk(spark):
    """Let the JVM write no file of more than a few bytes."""
    jvm = spark.sparkContext._gateway.proc.pid
    limits = resource.prlimit(jvm, resource.RLIMIT_FSIZE)
    resource.prlimit(jvm, resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        yield
    finally:
        resource.prlimit(jvm, resource.RLIMIT_FSIZE, limits)


def test_a_table_of_an_earlier_version_gets_the_columns_it_lacks_and_keeps_its_rows(spark, fresh):
    name = fresh.name("quarantine")
    spark.sql(f"CREATE TABLE {name} (path STRING, reason STRING) USING delta")
    spark.sql(f"INSERT INTO {name} VALUES ('a.png', 'empty')")
    fresh.create_all()
    fresh.create_all()
    fresh.replace("quarantine", [{"run_id": "r", "path": "b.png"}], {"run_id": ["r"]})
    found = fresh.read("quarantine").select("run_id", "path", "reason").orderBy("path").collect()
    assert [tuple(row) for row in found] == [(None, "a.png", "empty"), ("r", "b.png", None)]


def test_a_column_of_another_type_is_named_and_nothing_is_changed(spark, fresh):
    spark.sql(f"CREATE TABLE {fresh.name('quarantine')} (path BIGINT) USING delta")
    with pytest.raises(StageError, match="written by another version: path is bigint and not string"):
        fresh.create_all()
    assert fresh.read("quarantine").columns == ["path"]


def test_a_full_disk_is_told_in_one_line_and_leaves_the_table_as_it_was(spark, fresh):
    fresh.create_all()
    one, two = ([{"run_id": run, "path": "a"}] for run in ("one", "two"))
    fresh.append("quarantine", one)
    with full_disk(spark), pytest.raises(Exception) as failed:
        fresh.append("quarantine", two)
    assert "File too large" in one_line(failed.value)
    assert [row.run_id for row in fresh.read("quarantine").collect()] == ["one"]
    fresh.append("quarantine", two)
    assert fresh.read("quarantine").count() == 2


@pytest.fixture
def small_frames(monkeypatch):
    """Let a frame hold no more than a few rows."""
    monkeypatch.setattr(tables_module, "in_frames", partial(frames.in_frames, largest=100))


def test_rows_too_many_for_one_frame_go_in_several_commits_and_are_replaced_as_one(fresh, small_frames):
    fresh.create_all()
    of_run = {"run_id": ["r"]}
    for suffix in ("old", "new"):
        rows = [{"run_id": "r", "path": f"{number:040} {suffix}"} for number in range(7)]
        fresh.replace("quarantine", [*rows, {"run_id": "r", "path": "last"}], of_run)
    found = sorted(row.path for row in fresh.read("quarantine").collect())
    assert found == sorted([*(f"{number:040} new" for number in range(7)), "last"])
    commits = fresh.spark.sql(f"DESCRIBE HISTORY {fresh.name('quarantine')}").count()
    assert commits > 2 * 4


def test_a_replacement_without_rows_leaves_none(fresh):
    fresh.create_all()
    fresh.append("quarantine", [{"run_id": "r", "path": "a"}, {"run_id": "s", "path": "a"}])
    fresh.replace("quarantine", [], {"run_id": ["r"]})
    assert [row.run_id for row in fresh.read("quarantine").collect()] == ["s"]


@pytest.mark.parametrize("place", [("nowhere", "xray"), ("spark_catalog", "nowhere")])
def test_a_catalog_or_schema_that_is_not_there_is_told_in_one_line(spark, place):
    with pytest.raises(StageError) as refused:
        Tables(spark, *place).create_all()
    said = str(refused.value)
    assert said.startswith(f"no tables can be made in {'.'.join(place)} (") and "\n" not in said
    assert "deploy the bundle, or correct the parameters catalog and schema" in said
