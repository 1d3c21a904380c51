"""Tables of an earlier version, a full disk, large row sets, and missing schemas."""

import resource
from contextlib import contextmanager
from functools import partial

import pandas as pd
import pyarrow as pa
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
    """Limit the size of files that the JVM can write to a few bytes."""
    jvm = spark.sparkContext._gateway.proc.pid
    limits = resource.prlimit(jvm, resource.RLIMIT_FSIZE)
    resource.prlimit(jvm, resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        yield
    finally:
        resource.prlimit(jvm, resource.RLIMIT_FSIZE, limits)


def test_missing_columns_are_added_to_a_table_of_an_earlier_version_and_its_rows_are_kept(spark, fresh):
    name = fresh.name("quarantine")
    spark.sql(f"CREATE TABLE {name} (path STRING, reason STRING) USING delta")
    spark.sql(f"INSERT INTO {name} VALUES ('a.png', 'empty')")
    fresh.create_all()
    fresh.create_all()
    fresh.replace("quarantine", [{"run_id": "r", "path": "b.png"}], {"run_id": ["r"]})
    found = fresh.read("quarantine").select("run_id", "path", "reason").orderBy("path").collect()
    assert [tuple(row) for row in found] == [(None, "a.png", "empty"), ("r", "b.png", None)]


def test_a_column_of_another_type_is_an_error_and_the_table_is_unchanged(spark, fresh):
    spark.sql(f"CREATE TABLE {fresh.name('quarantine')} (path BIGINT) USING delta")
    with pytest.raises(StageError, match="written by another version: path is bigint and not string"):
        fresh.create_all()
    assert fresh.read("quarantine").columns == ["path"]


def test_a_full_disk_gives_a_one_line_error_and_leaves_the_table_unchanged(spark, tables, run_id, of_run):
    one, two = ([{"run_id": run_id, "path": path}] for path in ("one", "two"))
    tables.append("quarantine", one)
    with full_disk(spark), pytest.raises(Exception) as failed:
        tables.append("quarantine", two)
    assert "File too large" in one_line(failed.value)
    assert [row.path for row in of_run("quarantine")] == ["one"]
    tables.append("quarantine", two)
    assert sorted(row.path for row in of_run("quarantine")) == ["one", "two"]


@pytest.fixture
def small_frames(monkeypatch):
    """Limit a DataFrame to a few rows."""
    for name in ("split_rows", "split_table"):
        monkeypatch.setattr(tables_module, name, partial(getattr(frames, name), max_bytes=100))


@pytest.mark.parametrize("convert", [list, pa.Table.from_pylist], ids=["Python values", "Arrow"])
def test_rows_too_large_for_one_frame_are_written_in_several_commits_and_replaced_together(
    tables, run_id, of_run, small_frames, convert
):
    def commits():
        return tables.spark.sql(f"DESCRIBE HISTORY {tables.name('quarantine')}").count()

    before = commits()
    for suffix in ("old", "new"):
        rows = [{"run_id": run_id, "path": f"{number:040} {suffix}"} for number in range(3)]
        rows.append({"run_id": run_id, "path": "last"})
        tables.replace("quarantine", convert(rows), {"run_id": [run_id]})
    found = sorted(row.path for row in of_run("quarantine"))
    assert found == sorted([*(f"{number:040} new" for number in range(3)), "last"])
    assert commits() - before >= 2 * 2


def test_an_arrow_table_is_stored_in_the_columns_types_and_what_it_lacks_is_null(tables, run_id):
    frame = pd.DataFrame(
        {"run_id": [run_id] * 2, "repeat": [0, 1], "fold": [2.0, None], "image_id": ["a", "b"]}
    )
    rows = frames.to_arrow(frame.assign(probability=[[0.25, 0.75], None]))
    classes = pa.DictionaryArray.from_arrays(pa.array([0, 0]), pa.array([["C", "N"]]))
    tables.append("predictions", rows.append_column("classes", classes))
    columns = ("repeat", "fold", "image_id", "probability", "classes", "label")
    found = tables.matching("predictions", {"run_id": run_id}).select(*columns).orderBy("image_id").collect()
    assert [tuple(row) for row in found] == [
        (0, 2, "a", [0.25, 0.75], ["C", "N"], None),
        (1, None, "b", None, ["C", "N"], None),
    ]


def test_replacing_with_no_rows_deletes_the_old_rows(tables, run_id, of_run):
    tables.append("quarantine", [{"run_id": run_id + suffix, "path": "a"} for suffix in ("", "-other")])
    tables.replace("quarantine", [], {"run_id": [run_id]})
    assert of_run("quarantine") == []
    assert [row.path for row in of_run("quarantine", "-other")] == ["a"]


@pytest.mark.parametrize("name", [("nowhere", "xray"), ("spark_catalog", "nowhere")])
def test_a_missing_catalog_or_schema_gives_a_one_line_error(spark, name):
    with pytest.raises(StageError) as raised:
        Tables(spark, *name).create_all()
    message = str(raised.value)
    assert message.startswith(f"cannot create tables in {'.'.join(name)} (") and "\n" not in message
    assert "deploy the bundle, or correct the parameters catalog and schema" in message
