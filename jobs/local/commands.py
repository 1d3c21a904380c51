"""The commands of wrapper.sh for runs and their tables; what is slow to import is imported where used."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from covid_xray.storage.tables import Tables


def run(args: Namespace) -> int:
    """Run one published run, all of them, or the sample."""
    from jobs.local.request import parse_request
    from jobs.local.run import run

    request = parse_request(args)
    with _alone(request.output):
        return run(request, args)


def score(args: Namespace) -> int:
    """Score new images with a registered model."""
    from jobs.local.scoring import score

    with _alone(_of_a_run(args.output)):
        return score(args, _opened(args.output))


def evaluate(args: Namespace) -> int:
    """Evaluate a registered model on a labelled folder from elsewhere."""
    from jobs.local.scoring import evaluate

    with _alone(_of_a_run(args.output)):
        return evaluate(args, _opened(args.output))


def sql(args: Namespace) -> int:
    """Print the result of a query over a run's tables."""
    from covid_xray.storage.session import CATALOG, SCHEMA

    spark = _opened(_of_a_run(args.output)).spark
    spark.sql(f"USE {CATALOG}.{SCHEMA}")
    spark.sql(args.query).show(n=args.rows, truncate=args.width)
    return 0


def clean(args: Namespace) -> int:
    """Remove the files of a run's tables that newer ones have taken the place of."""
    with _alone(_of_a_run(args.output)):
        tables = _opened(args.output)
        before = _bytes(args.output)
        tables.remove_superseded()
    print(f"{(before - _bytes(args.output)) / 1e6:.1f} MB removed, {_bytes(args.output) / 1e6:.1f} MB left")
    return 0


@contextmanager
def _alone(output: Path) -> Iterator[None]:
    """Be the only command that writes to a folder: two would compute the same, and store it twice."""
    from covid_xray.storage.locks import file_lock

    def waiting() -> None:
        print(f"Another command is writing to {output}: waiting for it to end", flush=True)

    with file_lock(output.resolve() / ".lock", waiting):
        yield


def _of_a_run(output: Path) -> Path:
    from covid_xray.errors import DataError

    if not (output / "warehouse").is_dir():
        raise DataError(f"{output} holds no tables: give the --output of a run")
    return output


def _opened(output: Path) -> Tables:
    from covid_xray.storage.session import CATALOG, SCHEMA, attach_warehouse, local_session
    from covid_xray.storage.tables import Tables

    spark = local_session("local[*]", output / "logs" / "spark.log")
    attach_warehouse(spark, output / "warehouse")
    return Tables(spark, CATALOG, SCHEMA)


def _bytes(output: Path) -> int:
    return sum(file.stat().st_size for file in (output / "warehouse").rglob("*") if file.is_file())


def prepare(args: Namespace) -> int:
    """Fetch the Delta jars when they are missing: Spark does it when it starts."""
    from covid_xray.storage.session import delta_jars_there, local_session

    if not delta_jars_there():
        print("Fetching the Delta jars; this happens once.", file=sys.stderr)
        local_session("local[1]", args.log).stop()
    return 0


def start_cluster(args: Namespace) -> int:
    """Start a Spark cluster on this machine."""
    from jobs.local.cluster import start

    url = start(args.folder, args.workers)
    print(f"{args.workers} workers at {url}; use it with: sh wrapper.sh run ... --master {url}")
    return 0


def stop_cluster(args: Namespace) -> int:
    """Stop that cluster."""
    from jobs.local.cluster import stop

    print(f"{stop(args.folder)} processes ended")
    return 0
