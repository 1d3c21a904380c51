"""Read and write the Delta tables of one schema, with SQL and DataFrames only, as Spark Connect requires."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import StructType

from covid_xray.errors import StageError, one_line
from covid_xray.storage.frames import Row, split_rows, split_table
from covid_xray.storage.locks import file_lock, retry_on_conflict
from covid_xray.storage.schemas import TABLES

# Rows in memory: many as an Arrow table, few as Python values by column name; absent columns are null.
LocalRows: TypeAlias = pa.Table | Sequence[Row]
# Rows of a table.
Rows: TypeAlias = DataFrame | LocalRows
# New rows of a table, and the column values that select the rows to be replaced.
Replacement = tuple[LocalRows, Mapping[str, Sequence[str]]]

# Error conditions of Spark and Unity Catalog for a missing or forbidden catalog or schema.
_NO_SCHEMA = re.compile(r"CATALOG|SCHEMA_NOT_FOUND|NAMESPACE|PERMISSION|PRIVILEGE|UNAUTHORIZED|ACCESS_DENIED")

# Folders of the schemas whose tables are on the local disk. Not a Spark setting: serverless compute raises an
# error when an unknown setting is read.
_warehouses: dict[str, Path] = {}


def set_local_warehouse(schema: str, folder: Path) -> None:
    """Store the tables of `schema` in `folder`, and lock each table while this process writes to it."""
    _warehouses[schema] = folder


def identifier(*parts: str) -> str:
    """Quote a name, possibly of several parts, in backticks."""
    return ".".join(f"`{part.replace('`', '``')}`" for part in parts)


def literal(text: str) -> str:
    """Quote a string literal: https://spark.apache.org/docs/latest/sql-ref-literals.html."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


@dataclass(frozen=True)
class Tables:
    """The tables of `catalog`.`schema`."""

    spark: SparkSession
    catalog: str
    schema: str

    def name(self, table: str) -> str:
        """Return the quoted three-part name."""
        return identifier(self.catalog, self.schema, table)

    def create_all(self) -> None:
        """Create missing tables and add missing columns; `ingest`, `score` and `evaluate` call this first.

        Raises
        ------
        StageError
            If the catalog or schema is missing or not writable, or a column has another type.
        """
        try:
            # In parallel: one commit per table, in sequence, would take most of a small run's ingest.
            with ThreadPoolExecutor() as pool:
                list(pool.map(self._create, TABLES))
        except PySparkException as error:
            if not _NO_SCHEMA.search(error.getCondition() or ""):
                raise
            raise StageError(
                f"cannot create tables in {self.catalog}.{self.schema} ({one_line(error)}): deploy the "
                "bundle, or correct the parameters catalog and schema; creating tables needs USE CATALOG, "
                "USE SCHEMA and CREATE TABLE"
            ) from None

    def _create(self, table: str) -> None:
        if self.spark.catalog.tableExists(self.name(table)):
            self._add_missing_columns(table)
            return
        schema = TABLES[table]
        partitions = f"PARTITIONED BY ({', '.join(schema.partitioned_by)})" if schema.partitioned_by else ""
        # With a location, a table that another process has created there in the meantime is used as it is.
        location = f"LOCATION {literal(str(warehouse / table))}" if (warehouse := self._warehouse()) else ""
        statement = (
            f"CREATE TABLE IF NOT EXISTS {self.name(table)} ({schema.columns}) USING delta "
            f"{partitions} {location} COMMENT '{schema.comment}'"
        )
        self._commit(table, lambda: self.spark.sql(statement))

    def _add_missing_columns(self, table: str) -> None:
        """Add the columns that a table of an earlier version lacks; they are null in its rows."""
        existing = {field.name: field.dataType for field in self.spark.table(self.name(table)).schema}
        for field in self.columns(table):
            if field.name in existing and existing[field.name] != field.dataType:
                actual, expected = existing[field.name].simpleString(), field.dataType.simpleString()
                raise StageError(
                    f"table {self.schema}.{table} was written by another version: {field.name} is {actual} "
                    f"and not {expected}; use another output or schema, or drop the table"
                )
        new = [f"{f.name} {f.dataType.simpleString()}" for f in self.columns(table) if f.name not in existing]
        if new:
            statement = f"ALTER TABLE {self.name(table)} ADD COLUMNS ({', '.join(new)})"
            self._commit(table, lambda: self.spark.sql(statement))

    def exist(self) -> bool:
        """Return whether the tables exist, that is, whether `ingest` has run."""
        return self.spark.catalog.tableExists(self.name("runs"))

    def id_of(self, table: str) -> str:
        """Return what tells this table from another of the same name, before it or elsewhere."""
        (row,) = self.spark.sql(f"DESCRIBE DETAIL {self.name(table)}").select("id").collect()
        found: str = row["id"]
        return found

    def read(self, table: str) -> DataFrame:
        """Return a table; raise StageError if it does not exist."""
        if not self.spark.catalog.tableExists(self.name(table)):
            raise StageError(f"table {self.schema}.{table} does not exist: run the ingest task first")
        return self.spark.table(self.name(table))

    def matching(self, table: str, values: Mapping[str, str]) -> DataFrame:
        """Return the rows with these column values."""
        rows = self.read(table)
        for column, value in values.items():
            rows = rows.where(F.col(column) == value)
        return rows

    def columns(self, table: str) -> StructType:
        """Return the schema of `table`."""
        columns = StructType.fromDDL(TABLES[table].columns)
        assert isinstance(columns, StructType)  # noqa: S101 - fromDDL is typed for any DDL, a column list gives a struct
        return columns

    def append(self, table: str, rows: Rows) -> None:
        """Append rows: a DataFrame in one commit, others in one commit per `MAX_FRAME_BYTES` or less."""
        for part in self._frames(table, rows):
            self._append(table, part)

    def replace(self, table: str, rows: Rows, where: Mapping[str, Sequence[str]]) -> None:
        """Replace the rows whose columns have one of the values in `where`, in as many commits as `append`.

        This is idempotent. Delta rejects `rows` that do not match `where`.
        """
        if self.read(table).where(_predicate(where)).isEmpty():
            # Nothing to replace, as in a first run: an append takes a third of the time.
            self.append(table, rows)
        else:
            self.overwrite(table, rows, where)

    def overwrite(self, table: str, rows: Rows, where: Mapping[str, Sequence[str]]) -> None:
        """Replace rows that are known to exist; skipping the check saves a fifth of the time."""
        frames = self._frames(table, rows)
        writer = self._select(table, next(frames)).write.format("delta").mode("overwrite")
        writer = writer.option("replaceWhere", _predicate(where))
        self._commit(table, lambda: writer.saveAsTable(self.name(table)))
        for part in frames:
            self._append(table, part)

    def replace_each(self, replacements: Mapping[str, Replacement]) -> None:
        """Replace rows of several tables in parallel, each table in its own commits."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda table: self.replace(table, *replacements[table]), replacements))

    def update_rows(self, table: str, rows: Sequence[Row], key: str) -> None:
        """Set columns of the rows that have the same `key`; columns that `rows` lacks keep their values."""
        names = [name for name in self.columns(table).names if name in rows[0]]
        fields = StructType([self.columns(table)[name] for name in names])
        changes = {name: F.col(f"new.{name}") for name in names if name != key}
        for part in split_rows(rows):
            new = self._frame(part, fields)
            same = F.expr(f"{self.name(table)}.{identifier(key)} = new.{identifier(key)}")
            merge = new.alias("new").mergeInto(self.name(table), same).whenMatched().update(changes)
            self._commit(table, merge.merge)

    def remove_superseded(self) -> None:
        """Delete the files that the current versions of the tables do not refer to, however new they are.

        This includes uncommitted files of writers on other machines; writers on this machine are waited for.
        """
        for table in TABLES:
            if self.spark.catalog.tableExists(self.name(table)):
                with self._lock(table):
                    if self._may_have_superseded(table):
                        self.spark.sql(f"VACUUM {self.name(table)} RETAIN 0 HOURS")

    def _may_have_superseded(self, table: str) -> bool:
        """Return False if a folder has no more files than its table: most are only ever appended to.

        To see that takes a tenth of the time of a VACUUM that finds nothing.
        """
        warehouse = self._warehouse()
        if warehouse is None:
            return True
        folder = warehouse / table
        files = [file for file in folder.rglob("*.parquet") if folder / "_delta_log" not in file.parents]
        (row,) = self.spark.sql(f"DESCRIBE DETAIL {self.name(table)}").select("numFiles").collect()
        return len(files) > int(row["numFiles"])

    def _frames(self, table: str, rows: Rows) -> Iterator[DataFrame]:
        """Yield at least one DataFrame; each is created only when it is to be written."""
        if isinstance(rows, DataFrame):
            yield rows
            return
        columns = self.columns(table)
        if isinstance(rows, pa.Table):
            for part in split_table(rows, to_arrow_schema(columns)):
                yield self.spark.createDataFrame(part, columns)
            return
        for part in split_rows(rows):
            yield self._frame(part, columns)

    def _frame(self, rows: Sequence[Row], columns: StructType) -> DataFrame:
        """Return rows as a DataFrame; what a row lacks is null.

        From an Arrow table: Spark would send Python values through a worker, which takes a tenth of a second.
        """
        return self.spark.createDataFrame(pa.Table.from_pylist(list(rows), to_arrow_schema(columns)), columns)

    def _append(self, table: str, rows: DataFrame) -> None:
        writer = self._select(table, rows).write.format("delta").mode("append")
        self._commit(table, lambda: writer.saveAsTable(self.name(table)))

    def _commit(self, table: str, write: Callable[[], object]) -> None:
        with self._lock(table):
            retry_on_conflict(write)

    def _lock(self, table: str) -> AbstractContextManager[None]:
        warehouse = self._warehouse()
        return file_lock(warehouse / ".locks" / table) if warehouse else nullcontext()

    def _warehouse(self) -> Path | None:
        return _warehouses.get(self.schema)

    def _select(self, table: str, rows: DataFrame) -> DataFrame:
        return rows.select(*(rows[f.name].cast(f.dataType).alias(f.name) for f in self.columns(table)))


def _predicate(where: Mapping[str, Sequence[str]]) -> str:
    return " AND ".join(
        f"{identifier(column)} IN ({', '.join(map(literal, values))})" for column, values in where.items()
    )
