"""A Spark session on this machine, with Delta tables kept as plain folders."""

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
from covid_xray.storage.quoting import identifier, literal
from covid_xray.storage.tables import keep_on_disk

CATALOG = "spark_catalog"
SCHEMA = "xray"

_JVM = (
    # Its heap follows what is in use; the default collector's grows to its limit as images pass.
    "-XX:+UseSerialGC",
    # Ten times the defaults. Hundreds of short queries, each with code of its own, keep the optimising
    # compiler busy for seconds, with what is soon needed no more; a loop over numbers still gets there.
    "-XX:Tier4InvocationThreshold=50000",
    "-XX:Tier4MinInvocationThreshold=6000",
    "-XX:Tier4CompileThreshold=150000",
    "-XX:Tier4BackEdgeThreshold=400000",
)


def local_session(master: str, log_file: Path) -> SparkSession:
    """Start Spark with Delta for one machine.

    Parameters
    ----------
    master : str
        `local[*]`, `local[N]`, the URL of a standalone master (`spark://`) or of a Spark Connect server
        on this machine (`sc://`), which must have been started with `session_settings`.
    log_file : Path
        Receives what the JVM and the Python workers write to standard error, for as long as they live.
    """
    # Workers must run the driver's interpreter; another one lacks the driver's packages.
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    if master.startswith("sc://"):
        # The tasks ask for "the session", from threads of their own; this is how it is found there.
        os.environ["SPARK_REMOTE"] = master
        return SparkSession.builder.getOrCreate()
    builder = SparkSession.builder.master(master).appName("covid-xray")
    for key, value in session_settings().items():
        builder = builder.config(key, value)
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with _stderr_to(log_file):
        return builder.getOrCreate()


def attach_warehouse(spark: SparkSession, warehouse: Path, schema: str = SCHEMA) -> None:
    """Make the Delta folders below `warehouse` the tables of `schema`, and new tables land there.

    The catalog itself lives in memory: nothing but the Delta folders has to be kept, and several sessions can
    work at once, which take turns in writing a table.

    Raises
    ------
    StageError
        If the session has the schema already, in another folder.
    """
    warehouse.mkdir(parents=True, exist_ok=True)
    location = literal(str(warehouse.resolve()))
    spark.sql(f"CREATE SCHEMA IF NOT EXISTS {identifier(CATALOG, schema)} LOCATION {location}")
    _check_place(spark, warehouse.resolve(), schema)
    keep_on_disk(schema, warehouse.resolve())
    for log in sorted(warehouse.glob("*/_delta_log")):
        table = log.parent
        spark.sql(
            f"CREATE TABLE IF NOT EXISTS {identifier(CATALOG, schema, table.name)} "
            f"USING delta LOCATION {literal(str(table.resolve()))}"
        )


def _check_place(spark: SparkSession, warehouse: Path, schema: str) -> None:
    place = Path(unquote(urlparse(spark.catalog.getDatabase(identifier(CATALOG, schema)).locationUri).path))
    if place != warehouse:
        raise StageError(
            f"schema {schema} of this Spark session lies in {place}: stop the session before you open "
            f"{warehouse}, or name another schema"
        )


def session_settings() -> dict[str, str]:
    """Return Spark's settings for small Delta tables on one machine, the Delta jars among them."""
    cores = os.cpu_count() or 1
    # Copies of pieces that pass through must die young: what no longer fits here is collected with a look at
    # everything there is. Those in use at a collection get a fifth of it, where the default is a tenth.
    young = f"-XX:NewSize={256 + 128 * cores}m -XX:SurvivorRatio=3"
    return {
        **_delta_jars(),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.driver.extraJavaOptions": " ".join([*_JVM, young]),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        # Beside what Spark and Delta hold, each core reads or writes pieces.
        "spark.driver.memory": f"{1024 + 256 * cores}m",
        # Hundreds of short queries: compiling each anew, or planning its parts one after the other, takes
        # longer than running it.
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.codegen.wholeStage": "false",
        # Features come back in slices; a slice of the widest backbone is larger than the default of 1g.
        "spark.driver.maxResultSize": "3g",
        # What a task found, of 64 images at most, is handed over as it is; above the default of 1m it would
        # take a way through the block manager and a socket, with a copy at each end.
        "spark.task.maxDirectResultSize": "64m",
        # Rows of half a megabyte are read one by one as fast as in batches, in less memory, and the lightest
        # level of this codec is read twice as fast as the default one, from smaller files.
        "spark.sql.parquet.enableVectorizedReader": "false",
        "spark.sql.parquet.compression.codec": "zstd",
        "spark.hadoop.parquet.compression.codec.zstd.level": "1",
        # Each row goes to the file of its partition as it comes, where Spark would first have all rows of a
        # task in memory, to sort them; and it is compressed soon after.
        "spark.sql.maxConcurrentOutputFileWriters": "8",
        "spark.hadoop.parquet.page.size.row.check.min": "4",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        # Features are half a megabyte a row, and each core has a few copies in memory of what is written or
        # read in one piece. Parquet looks at how much it holds after 100 rows, which is more than a file has,
        # if it is not told. Smaller pieces to read are more tasks, each of which takes 20 ms.
        "spark.hadoop.parquet.block.size": str(8 << 20),
        "spark.hadoop.parquet.block.size.row.check.min": "4",
        "spark.sql.files.maxPartitionBytes": str(16 << 20),
        # The defaults (200 shuffle partitions, 50 for a table's own log) cost seconds on small tables.
        "spark.sql.shuffle.partitions": "2",
        "spark.databricks.delta.snapshotPartitions": "2",
        # `clean` removes what is superseded however new it is.
        "spark.databricks.delta.retentionDurationCheck.enabled": "false",
        # Tasks that list a table's folders for VACUUM; the default of 10,000 takes half a minute a table.
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
        "spark.sql.session.timeZone": "UTC",
    }


def delta_jars_there() -> bool:
    """Tell whether a session can start without fetching anything."""
    return all(jar.is_file() for jar in _cached_jars())


def _delta_jars() -> dict[str, str]:
    """Name just the two jars that matter when they are cached: Spark starts in half the time."""
    if delta_jars_there():
        return {"spark.jars": ",".join(str(jar) for jar in _cached_jars())}
    return {
        "spark.jars.packages": f"io.delta:{_artifact()}:{version('delta-spark')}",
        "spark.jars.ivy": str(_ivy()),
    }


def _cached_jars() -> list[Path]:
    cache, delta = _ivy() / "jars", version("delta-spark")
    return [cache / f"io.delta_{_artifact()}-{delta}.jar", cache / f"io.delta_delta-storage-{delta}.jar"]


def _ivy() -> Path:
    """Spark's own default, but said: the JVM takes the home folder from the account, Python from HOME."""
    return Path.home() / ".ivy2.5.2"


def _artifact() -> str:
    spark = ".".join(version("pyspark").split(".")[:2])
    return f"delta-spark_{spark}_2.13"


@contextmanager
def _stderr_to(log_file: Path) -> Iterator[None]:
    """Point file descriptor 2 at `log_file`, so that a JVM started meanwhile inherits it."""
    sys.stderr.flush()
    kept = os.dup(2)
    with log_file.open("ab") as log:
        os.dup2(log.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
