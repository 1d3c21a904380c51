"""The commands of wrapper.sh for runs and their tables; slow imports are made where they are used."""

from __future__ import annotations

import logging
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from covid_xray.progress import counted

if TYPE_CHECKING:
    from covid_xray.storage.tables import Tables


def run(args: Namespace) -> int:
    """Run one of the published runs, all of them, or the sample."""
    from jobs.local.request import is_drawn, parse_request, prepare_inputs
    from jobs.local.run import run

    request = parse_request(args)
    prepare_inputs(request, is_drawn(args))
    with _alone(request.output):
        return run(request, args)


def score(args: Namespace) -> int:
    """Score new images with a registered model."""
    from jobs.local.scoring import check, score

    with _alone(_require_tables(args.output)):
        check(args)
        return score(args, _start(args.output))


def evaluate(args: Namespace) -> int:
    """Evaluate a registered model on labelled external images."""
    from jobs.local.scoring import check, evaluate

    with _alone(_require_tables(args.output)):
        check(args)
        return evaluate(args, _start(args.output))


def sql(args: Namespace) -> int:
    """Print the result of a query over a run's tables."""
    from covid_xray.errors import DataError, one_line
    from covid_xray.registry.sql_function import CLASSIFY, register_classify
    from covid_xray.storage.schemas import TABLES
    from covid_xray.storage.session import CATALOG, SCHEMA
    from pyspark.errors import AnalysisException

    from jobs.local.scoring import fetch_model

    spark = _open_tables(_require_tables(args.output)).spark
    spark.sql(f"USE {CATALOG}.{SCHEMA}")
    if args.model:
        register_classify(spark, fetch_model(args))
    # PySpark would print the stack trace of a query that it cannot analyse.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    try:
        rows = spark.sql(args.query)
    except AnalysisException as error:
        tables = ", ".join(sorted(TABLES))
        hint = f"tables: {tables}; docs/tables.md has their columns"
        if error.getCondition() == "UNRESOLVED_ROUTINE" and not args.model:
            hint = f"{CLASSIFY}(content) needs --model, e.g. --model VGG16_binary/1"
        raise DataError(f"{one_line(error)} ({hint})") from None
    rows.show(n=args.rows, truncate=args.width)
    return 0


def clean(args: Namespace) -> int:
    """Remove the superseded files of a run's tables."""
    with _alone(_require_tables(args.output)):
        tables = _open_tables(args.output)
        before = _warehouse_bytes(args.output)
        tables.remove_superseded()
    after = _warehouse_bytes(args.output)
    print(f"{(before - after) / 1e6:.1f} MB removed, {after / 1e6:.1f} MB left")
    return 0


@contextmanager
def _alone(output: Path) -> Iterator[None]:
    """Lock an output folder: two commands would compute the same results and store them twice."""
    from covid_xray.storage.locks import file_lock

    def waiting() -> None:
        print(f"Another command is writing to {output}: waiting for it to end", flush=True)

    with file_lock(output.resolve() / ".lock", waiting):
        yield


def _require_tables(output: Path) -> Path:
    from covid_xray.errors import DataError

    if not (output / "warehouse").is_dir():
        raise DataError(f"{output} contains no tables: set --output to the output folder of a run")
    return output


def _start(output: Path) -> Tables:
    from jobs.local.request import spark_log

    print(f"Starting Spark; its log is {spark_log(output)}", flush=True)
    return _open_tables(output)


def _open_tables(output: Path) -> Tables:
    from covid_xray.storage.session import CATALOG, SCHEMA, attach_warehouse, local_session
    from covid_xray.storage.tables import Tables

    from jobs.local.request import spark_log

    spark = local_session("local[*]", spark_log(output))
    attach_warehouse(spark, output / "warehouse")
    return Tables(spark, CATALOG, SCHEMA)


def _warehouse_bytes(output: Path) -> int:
    return sum(file.stat().st_size for file in (output / "warehouse").rglob("*") if file.is_file())


def prepare(args: Namespace) -> int:
    """Download the Delta jars if they are missing: Spark does so when it starts."""
    from covid_xray.storage.session import delta_jars_cached, local_session

    if not delta_jars_cached():
        print("Downloading the Delta jars (only once).", file=sys.stderr)
        local_session("local[1]", args.log).stop()
    return 0


def start_cluster(args: Namespace) -> int:
    """Start a Spark cluster on this machine."""
    from jobs.local.cluster import start

    url = start(args.folder, args.workers)
    print(f"{counted(args.workers, 'worker')} at {url}; use it with: sh wrapper.sh run ... --master {url}")
    return 0


def stop_cluster(args: Namespace) -> int:
    """Stop the Spark cluster on this machine."""
    from jobs.local.cluster import stop

    print(f"{stop(args.folder)} processes stopped")
    return 0
