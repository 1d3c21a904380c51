"""A local Spark session whose Delta tables are plain folders."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from urllib.parse import unquote, urlparse

from pyspark.sql import SparkSession

from covid_xray.errors import StageError
from covid_xray.storage.engine_start import allow_open_files, check_answers, start_error
from covid_xray.storage.environment import isolate
from covid_xray.storage.tables import identifier, literal, set_local_warehouse

CATALOG = "spark_catalog"
SCHEMA = "xray"

_JVM = (
    # The serial collector keeps the heap near the live size; with the default one it grows to its limit.
    "-XX:+UseSerialGC",
    # Ten times the defaults: hundreds of short queries, each with its own generated code, would keep the
    # optimising compiler busy for seconds with code that is soon unused; numeric loops still get compiled.
    "-XX:Tier4InvocationThreshold=50000",
    "-XX:Tier4MinInvocationThreshold=6000",
    "-XX:Tier4CompileThreshold=150000",
    "-XX:Tier4BackEdgeThreshold=400000",
)


def local_session(master: str, log_file: Path) -> SparkSession:
    """Start Spark with Delta on this machine.

    Parameters
    ----------
    master : str
        `local[*]`, `local[N]`, the URL of a standalone master (`spark://`) or of a Spark Connect server
        on this machine (`sc://`), which must have been started with `session_settings`.
    log_file : Path
        Receives what the JVM and the Python workers print.

    Raises
    ------
    EngineError
        If Spark cannot be started, or nothing answers at the URL.
    """
    isolate()
    if not master.startswith("local"):
        check_answers(master)
    # Workers must use the driver's interpreter, which has the required packages.
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    if master.startswith("sc://"):
        # Tasks call getOrCreate in other threads; this variable makes it return the same session.
        os.environ["SPARK_REMOTE"] = master
        return SparkSession.builder.getOrCreate()
    log_file.parent.mkdir(parents=True, exist_ok=True)
    builder = SparkSession.builder.master(master).appName("covid-xray")
    # Spark makes the folder of its default schema, which is not used, wherever a command is typed.
    unused = {"spark.sql.warehouse.dir": str(log_file.parent.resolve())}
    for key, value in (session_settings() | unused).items():
        builder = builder.config(key, value)
    allow_open_files()
    log_start = log_file.stat().st_size if log_file.exists() else 0
    try:
        with _output_to(log_file):
            return builder.getOrCreate()
    except Exception as error:
        raise start_error(error, log_file, log_start, _ivy_folder()) from error


def attach_warehouse(spark: SparkSession, warehouse: Path, schema: str = SCHEMA) -> None:
    """Register the Delta folders in `warehouse` as tables of `schema`, and create new tables there.

    The catalog is in memory: only the Delta folders persist, and several sessions can use them concurrently;
    writes to a table are locked.

    Raises
    ------
    StageError
        If the session already has the schema in another folder.
    """
    warehouse.mkdir(parents=True, exist_ok=True)
    location = literal(str(warehouse.resolve()))
    spark.sql(f"CREATE SCHEMA IF NOT EXISTS {identifier(CATALOG, schema)} LOCATION {location}")
    _check_location(spark, warehouse.resolve(), schema)
    set_local_warehouse(schema, warehouse.resolve())
    for log in sorted(warehouse.glob("*/_delta_log")):
        table = log.parent
        spark.sql(
            f"CREATE TABLE IF NOT EXISTS {identifier(CATALOG, schema, table.name)} "
            f"USING delta LOCATION {literal(str(table.resolve()))}"
        )


def _check_location(spark: SparkSession, warehouse: Path, schema: str) -> None:
    uri = spark.catalog.getDatabase(identifier(CATALOG, schema)).locationUri
    location = Path(unquote(urlparse(uri).path))
    if location != warehouse:
        raise StageError(
            f"schema {schema} of this Spark session is stored in {location}: stop the session before opening "
            f"{warehouse}, or use another schema"
        )


def session_settings() -> dict[str, str]:
    """Return the Spark settings for small Delta tables on one machine, including the Delta jars."""
    cores = os.cpu_count() or 1
    # Copies of record batches should be freed in the young generation: what overflows it needs a full
    # collection. A survivor space is a fifth of it (the default is a tenth), for batches still in use.
    young = f"-XX:NewSize={256 + 128 * cores}m -XX:SurvivorRatio=3"
    return {
        **_delta_jars(),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.driver.extraJavaOptions": " ".join([*_JVM, young]),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        # A base for Spark and Delta, plus buffers of each core for reading and writing.
        "spark.driver.memory": f"{1024 + 256 * cores}m",
        # For hundreds of short queries, code generation and adaptive planning take longer than execution.
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.codegen.wholeStage": "false",
        # Features are collected in batches; one of the widest backbone exceeds the default of 1g.
        "spark.driver.maxResultSize": "3g",
        # Results of a task (64 images at most) are returned directly; above the default of 1m they would go
        # through the block manager and a socket, with a copy at each end.
        "spark.task.maxDirectResultSize": "64m",
        # Rows of half a megabyte are read one by one as fast as in batches, with less memory. zstd level 1 is
        # read twice as fast as the default codec, and its files are smaller.
        "spark.sql.parquet.enableVectorizedReader": "false",
        "spark.sql.parquet.compression.codec": "zstd",
        "spark.hadoop.parquet.compression.codec.zstd.level": "1",
        # Write each row to its partition's file as it comes, instead of sorting all rows of a task in memory
        # first, and compress pages early.
        "spark.sql.maxConcurrentOutputFileWriters": "8",
        "spark.hadoop.parquet.page.size.row.check.min": "4",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        # A feature vector is up to half a megabyte, and each core holds a few copies of a row group. By
        # default Parquet checks the size of a row group only after 100 rows, more than a file has. Smaller
        # splits would mean more tasks, at 20 ms each.
        "spark.hadoop.parquet.block.size": str(8 << 20),
        "spark.hadoop.parquet.block.size.row.check.min": "4",
        "spark.sql.files.maxPartitionBytes": str(16 << 20),
        # The defaults (200 shuffle partitions, 50 for a table's own log) cost seconds on small tables.
        "spark.sql.shuffle.partitions": "2",
        "spark.databricks.delta.snapshotPartitions": "2",
        # `clean` removes superseded files without a retention period.
        "spark.databricks.delta.retentionDurationCheck.enabled": "false",
        # Tasks that list a table's folders for VACUUM; the default of 10,000 takes half a minute per table.
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
        "spark.sql.session.timeZone": "UTC",
    }


def delta_jars_cached() -> bool:
    """Return whether the Delta jars are in the local cache, so that no download is needed."""
    return all(jar.is_file() for jar in _cached_jars())


def _delta_jars() -> dict[str, str]:
    """Return the jar settings; with just the two cached jars Spark starts in half the time."""
    if delta_jars_cached():
        return {"spark.jars": ",".join(str(jar) for jar in _cached_jars())}
    return {
        "spark.jars.packages": f"io.delta:{_delta_artifact()}:{version('delta-spark')}",
        "spark.jars.ivy": str(_ivy_folder()),
    }


def _cached_jars() -> list[Path]:
    cache, delta = _ivy_folder() / "jars", version("delta-spark")
    return [
        cache / f"io.delta_{_delta_artifact()}-{delta}.jar",
        cache / f"io.delta_delta-storage-{delta}.jar",
    ]


def _ivy_folder() -> Path:
    """Return Spark's default Ivy folder; set explicitly, as JVM and Python may differ on the home folder."""
    return Path.home() / ".ivy2.5.2"


def _delta_artifact() -> str:
    spark = ".".join(version("pyspark").split(".")[:2])
    return f"delta-spark_{spark}_2.13"


@contextmanager
def _output_to(log_file: Path) -> Iterator[None]:
    """Redirect standard output and error to `log_file`, so that a JVM started in the context inherits it."""
    streams = (sys.stdout, sys.stderr)
    for stream in streams:
        stream.flush()
    originals = {number: os.dup(number) for number in (1, 2)}
    with log_file.open("ab") as log:
        for number in originals:
            os.dup2(log.fileno(), number)
        try:
            yield
        finally:
            for stream in streams:
                stream.flush()
            for number, original in originals.items():
                os.dup2(original, number)
                os.close(original)
