"""Read and write the Delta tables of one schema: SQL and DataFrames only, which Spark Connect knows too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from covid_xray.errors import StageError
from covid_xray.schemas import TABLES

# New rows of a table, and the values of the rows whose place they take.
Replacement = tuple[DataFrame, Mapping[str, Sequence[str]]]


@dataclass(frozen=True)
class Tables:
    """The tables of `catalog`.`schema`."""

    spark: SparkSession
    catalog: str
    schema: str

    def name(self, table: str) -> str:
        """Return the quoted three-part name."""
        return ".".join(f"`{part.replace('`', '``')}`" for part in (self.catalog, self.schema, table))

    def create_all(self) -> None:
        """Create what is missing, as `ingest`, `score` and `evaluate` begin with: several would conflict."""
        missing = [table for table in TABLES if not self.spark.catalog.tableExists(self.name(table))]
        # Each takes a commit of its own; waiting for one another would be most of a small run's ingest.
        with ThreadPoolExecutor() as pool:
            list(pool.map(self._create, missing))

    def _create(self, table: str) -> None:
        schema = TABLES[table]
        partitions = f"PARTITIONED BY ({', '.join(schema.partitioned_by)})" if schema.partitioned_by else ""
        self.spark.sql(
            f"CREATE TABLE IF NOT EXISTS {self.name(table)} ({schema.columns}) USING delta "
            f"{partitions} COMMENT '{schema.comment}'"
        )

    def exist(self) -> bool:
        """Tell whether `ingest` has ever run here."""
        return self.spark.catalog.tableExists(self.name("runs"))

    def read(self, table: str) -> DataFrame:
        """Return a table, or say that `ingest` comes first."""
        if not self.spark.catalog.tableExists(self.name(table)):
            raise StageError(f"table {self.schema}.{table} does not exist: run the ingest task first")
        return self.spark.table(self.name(table))

    def matching(self, table: str, values: Mapping[str, str]) -> DataFrame:
        """Return the rows whose columns have these values."""
        found = self.read(table)
        for column, value in values.items():
            found = found.where(F.col(column) == value)
        return found

    def columns(self, table: str) -> StructType:
        """Return the columns that rows of `table` must have."""
        columns = StructType.fromDDL(TABLES[table].columns)
        assert isinstance(columns, StructType)  # noqa: S101 - fromDDL is typed for any DDL, a column list gives a struct
        return columns

    def rows(self, table: str, rows: Sequence[Mapping[str, Any]]) -> DataFrame:
        """Make a DataFrame of `table`'s columns out of Python values; absent keys are null."""
        columns = self.columns(table)
        values = [tuple(row.get(name) for name in columns.names) for row in rows]
        return self.spark.createDataFrame(values, columns)

    def append(self, table: str, rows: DataFrame) -> None:
        """Add rows in one commit."""
        self._select(table, rows).write.format("delta").mode("append").saveAsTable(self.name(table))

    def replace(self, table: str, rows: DataFrame, where: Mapping[str, Sequence[str]]) -> None:
        """Replace, in one commit, the rows whose columns are among `where`'s values.

        Writing twice leaves one copy. Delta refuses `rows` that lie outside of `where`.
        """
        condition = " AND ".join(f"`{column}` IN ({_listed(values)})" for column, values in where.items())
        if self.read(table).where(condition).isEmpty():
            # Nothing to replace, as in every first run: an append takes a third of the time.
            self.append(table, rows)
            return
        writer = self._select(table, rows).write.format("delta").mode("overwrite")
        writer.option("replaceWhere", condition).saveAsTable(self.name(table))

    def replace_each(self, replacements: Mapping[str, Replacement]) -> None:
        """Replace rows of several tables, in a commit of its own each, all at once."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda table: self.replace(table, *replacements[table]), replacements))

    def remove_superseded(self) -> None:
        """Delete the files that no table's present version refers to, however new they are.

        What a writer has not committed yet is among them: nothing may be writing meanwhile.
        """
        self.spark.conf.set("spark.databricks.delta.retentionDurationCheck.enabled", "false")
        for table in TABLES:
            if self.spark.catalog.tableExists(self.name(table)):
                self.spark.sql(f"VACUUM {self.name(table)} RETAIN 0 HOURS")

    def _select(self, table: str, rows: DataFrame) -> DataFrame:
        return rows.select(*(rows[f.name].cast(f.dataType).alias(f.name) for f in self.columns(table)))


def _listed(values: Sequence[str]) -> str:
    escaped = (value.replace("\\", "\\\\").replace("'", "\\'") for value in values)
    return ", ".join(f"'{value}'" for value in escaped)
