"""Names and values that would be SQL if they were not quoted change what they say and nothing else."""

import pytest
from covid_xray.storage.session import attach_warehouse
from covid_xray.storage.tables import Tables
from pyspark.errors import AnalysisException
from pyspark.sql import functions as F

# The first three are whole conditions where quotes, or backslashes, are not escaped.
HOSTILE = ["x') OR ('a' = 'a", "x', 'other", "\\') OR 1 = 1 --", "'; DROP TABLE runs; --", "`; DROP TABLE x"]
HOSTILE += ['"', "\\", "\\u0027"]


def test_a_replacement_takes_the_place_of_the_named_rows_and_no_others(tables):
    def rows(values, metric):
        same = {"kind": "backbone", "metric": metric}
        return [{"run_id": v, "backbone": v, "task": v, **same} for v in values]

    tables.append("metrics", rows([*HOSTILE, "other", "'"], "before"))
    where = dict.fromkeys(("run_id", "backbone", "task"), HOSTILE)
    tables.replace("metrics", rows(HOSTILE, "after"), where)
    found = tables.read("metrics").where(F.col("run_id").isin([*HOSTILE, "other", "'"])).collect()
    expected = [(value, "after") for value in HOSTILE] + [("other", "before"), ("'", "before")]
    assert sorted((row.backbone, row.metric) for row in found) == sorted(expected)
    for value in HOSTILE[:3]:
        assert tables.matching("metrics", {"run_id": value, "backbone": value}).count() == 1


@pytest.fixture
def drop(spark):
    """Drop a schema at the end of the test."""
    names = []
    yield names.append
    for name in names:
        spark.sql(f"DROP SCHEMA spark_catalog.{name} CASCADE")


def test_a_warehouse_may_lie_in_a_folder_of_any_name(spark, tmp_path, drop):
    warehouse = tmp_path / "it's a \"ware house\"; -- `x` \\' \\u0027"
    one, again = (Tables(spark, "spark_catalog", schema) for schema in ("hostile", "hostile_again"))
    attach_warehouse(spark, warehouse, one.schema)
    drop(one.schema)
    spark.sql(f"CREATE TABLE {one.name('quarantine')} USING delta AS SELECT 'a.png' AS path")
    assert (warehouse / "quarantine" / "_delta_log").is_dir()
    attach_warehouse(spark, warehouse, again.schema)
    drop(again.schema)
    assert [row.path for row in again.read("quarantine").collect()] == ["a.png"]


def test_the_name_of_a_schema_or_catalog_is_a_name_and_no_statement(spark, tables, tmp_path):
    schemas = spark.sql("SHOW SCHEMAS").collect()
    for name in ("x LOCATION '/nowhere' --", "x` LOCATION '/nowhere' --", "x; --", "'"):
        with pytest.raises(AnalysisException):
            attach_warehouse(spark, tmp_path / "other", name)
        for elsewhere in (Tables(spark, "spark_catalog", name), Tables(spark, name, tables.schema)):
            with pytest.raises(AnalysisException):
                spark.sql(f"CREATE TABLE {elsewhere.name('x')} (a INT) USING delta")
    assert spark.sql("SHOW SCHEMAS").collect() == schemas and tables.exist()


def test_the_name_of_a_folder_among_the_tables_is_a_name_and_no_statement(spark, tmp_path, drop):
    (tmp_path / "x (a INT) USING csv --" / "_delta_log").mkdir(parents=True)
    drop("hostile_table")
    with pytest.raises(AnalysisException):
        attach_warehouse(spark, tmp_path, "hostile_table")
    assert not spark.catalog.tableExists("spark_catalog.hostile_table.x")
