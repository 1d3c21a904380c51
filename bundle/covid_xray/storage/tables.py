"""Read and write the Delta tables of one schema: SQL and DataFrames only, which Spark Connect knows too."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from covid_xray.errors import StageError, one_line
from covid_xray.storage.frames import Row, in_frames
from covid_xray.storage.locks import file_lock, retry_on_conflict
from covid_xray.storage.quoting import identifier, literal
from covid_xray.storage.schemas import TABLES

# Rows of a table: computed by Spark, or Python values by column, where absent keys are null.
Rows = DataFrame | Sequence[Row]
# New rows of a table, and the values of the rows whose place they take.
Replacement = tuple[Sequence[Row], Mapping[str, Sequence[str]]]

# Conditions of Spark's and of Unity Catalog's for a place where no table can be.
_NO_PLACE = re.compile(r"CATALOG|SCHEMA_NOT_FOUND|NAMESPACE|PERMISSION|PRIVILEGE|UNAUTHORIZED|ACCESS_DENIED")

# Folders of the schemas whose tables lie on this machine's disk. Not a setting of Spark's: serverless compute
# refuses to be asked for one that it does not know.
_folders: dict[str, Path] = {}


def keep_on_disk(schema: str, folder: Path) -> None:
    """Have the tables of `schema` that this process writes lie in `folder`, and writers there take turns."""
    _folders[schema] = folder


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
        """Create what is missing, as `ingest`, `score` and `evaluate` begin with: tables, and their columns.

        Raises
        ------
        StageError
            If there is no such catalog or schema, no table may be made there, or a column has another type.
        """
        try:
            # Each takes a commit of its own; waiting for one another would be most of a small run's ingest.
            with ThreadPoolExecutor() as pool:
                list(pool.map(self._create, TABLES))
        except PySparkException as error:
            if not _NO_PLACE.search(error.getCondition() or ""):
                raise
            raise StageError(
                f"no tables can be made in {self.catalog}.{self.schema} ({one_line(error)}): deploy the "
                "bundle, or correct the parameters catalog and schema; whoever runs this needs USE CATALOG, "
                "USE SCHEMA and CREATE TABLE there"
            ) from None

    def _create(self, table: str) -> None:
        if self.spark.catalog.tableExists(self.name(table)):
            self._bring_up_to_date(table)
            return
        schema = TABLES[table]
        partitions = f"PARTITIONED BY ({', '.join(schema.partitioned_by)})" if schema.partitioned_by else ""
        # Where a place is named, a table that another process has created there meanwhile is taken as it is.
        place = f"LOCATION {literal(str(warehouse / table))}" if (warehouse := self._warehouse()) else ""
        statement = (
            f"CREATE TABLE IF NOT EXISTS {self.name(table)} ({schema.columns}) USING delta "
            f"{partitions} {place} COMMENT '{schema.comment}'"
        )
        self._commit(table, lambda: self.spark.sql(statement))

    def _bring_up_to_date(self, table: str) -> None:
        """Add the columns that an earlier version did not know; they are null in its rows."""
        there = {field.name: field.dataType for field in self.spark.table(self.name(table)).schema}
        for field in self.columns(table):
            if field.name in there and there[field.name] != field.dataType:
                found, wanted = there[field.name].simpleString(), field.dataType.simpleString()
                raise StageError(
                    f"table {self.schema}.{table} was written by another version: {field.name} is {found} "
                    f"and not {wanted}; give another output or schema, or drop the table"
                )
        new = [f"{f.name} {f.dataType.simpleString()}" for f in self.columns(table) if f.name not in there]
        if new:
            statement = f"ALTER TABLE {self.name(table)} ADD COLUMNS ({', '.join(new)})"
            self._commit(table, lambda: self.spark.sql(statement))

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

    def append(self, table: str, rows: Rows) -> None:
        """Add rows: a DataFrame's in one commit, Python values in one for every `LARGEST_FRAME` bytes."""
        for part in self._frames(table, rows):
            self._append(table, part)

    def replace(self, table: str, rows: Rows, where: Mapping[str, Sequence[str]]) -> None:
        """Replace the rows whose columns are among `where`'s values, in as many commits as `append`.

        Writing twice leaves one copy. Delta refuses `rows` that lie outside of `where`.
        """
        if self.read(table).where(_among(where)).isEmpty():
            # Nothing to replace, as in every first run: an append takes a third of the time.
            self.append(table, rows)
        else:
            self.overwrite(table, rows, where)

    def overwrite(self, table: str, rows: Rows, where: Mapping[str, Sequence[str]]) -> None:
        """Do the same where it is known that there are such rows: looking takes a fifth of the time."""
        frames = self._frames(table, rows)
        writer = self._select(table, next(frames)).write.format("delta").mode("overwrite")
        writer = writer.option("replaceWhere", _among(where))
        self._commit(table, lambda: writer.saveAsTable(self.name(table)))
        for part in frames:
            self._append(table, part)

    def replace_each(self, replacements: Mapping[str, Replacement]) -> None:
        """Replace rows of several tables, in a commit of its own each, all at once."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda table: self.replace(table, *replacements[table]), replacements))

    def correct(self, table: str, rows: Sequence[Row], key: str) -> None:
        """Set columns of the rows with these values of `key`; what `rows` does not have stays as it is."""
        names = [name for name in self.columns(table).names if name in rows[0]]
        fields = StructType([self.columns(table)[name] for name in names])
        changes = {name: F.col(f"new.{name}") for name in names if name != key}
        for part in in_frames(rows):
            new = self.spark.createDataFrame([tuple(map(row.get, names)) for row in part], fields)
            same = F.expr(f"{self.name(table)}.{identifier(key)} = new.{identifier(key)}")
            merge = new.alias("new").mergeInto(self.name(table), same).whenMatched().update(changes)
            self._commit(table, merge.merge)

    def remove_superseded(self) -> None:
        """Delete the files that no table's present version refers to, however new they are.

        What a writer elsewhere has not committed yet is among them; those on this machine are waited for.
        """
        for table in TABLES:
            if self.spark.catalog.tableExists(self.name(table)):
                with self._lock(table):
                    self.spark.sql(f"VACUUM {self.name(table)} RETAIN 0 HOURS")

    def _frames(self, table: str, rows: Rows) -> Iterator[DataFrame]:
        """Yield at least one frame; each is made when its turn to be written has come."""
        if isinstance(rows, DataFrame):
            yield rows
            return
        columns = self.columns(table)
        for part in in_frames(rows):
            yield self.spark.createDataFrame([tuple(map(row.get, columns.names)) for row in part], columns)

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
        return _folders.get(self.schema)

    def _select(self, table: str, rows: DataFrame) -> DataFrame:
        return rows.select(*(rows[f.name].cast(f.dataType).alias(f.name) for f in self.columns(table)))


def _among(where: Mapping[str, Sequence[str]]) -> str:
    return " AND ".join(
        f"{identifier(column)} IN ({', '.join(map(literal, values))})" for column, values in where.items()
    )
