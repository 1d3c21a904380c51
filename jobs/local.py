"""Run the bundle's jobs on this machine, and look at their tables: what wrapper.sh calls."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from covid_xray.tables import Tables

ROOT = Path(__file__).resolve().parent.parent
_PATIENTS = "CSV with label, original_filename and patient_id"


def run(args: Namespace) -> int:
    """Run one published run, all of them, or the sample."""
    from jobs.local_run import run

    return run(args)


def score(args: Namespace) -> int:
    """Score new images with a registered model."""
    from jobs.local_scoring import score

    return score(args, _opened(args.output))


def evaluate(args: Namespace) -> int:
    """Evaluate a registered model on a labelled folder from elsewhere."""
    from jobs.local_scoring import evaluate

    return evaluate(args, _opened(args.output))


def sql(args: Namespace) -> int:
    """Print the result of a query over a run's tables."""
    from covid_xray.session import CATALOG, SCHEMA

    spark = _opened(args.output).spark
    spark.sql(f"USE {CATALOG}.{SCHEMA}")
    spark.sql(args.query).show(n=args.rows, truncate=args.width)
    return 0


def clean(args: Namespace) -> int:
    """Remove the files of a run's tables that newer ones have taken the place of."""
    tables = _opened(args.output)
    before = _bytes(args.output)
    tables.remove_superseded()
    print(f"{(before - _bytes(args.output)) / 1e6:.1f} MB removed, {_bytes(args.output) / 1e6:.1f} MB left")
    return 0


def _opened(output: Path) -> Tables:
    from covid_xray.errors import DataError
    from covid_xray.session import CATALOG, SCHEMA, attach_warehouse, local_session
    from covid_xray.tables import Tables

    warehouse = output / "warehouse"
    if not warehouse.is_dir():
        raise DataError(f"{output} holds no tables: give the --output of a run")
    spark = local_session("local[*]", output / "logs" / "spark.log")
    attach_warehouse(spark, warehouse)
    return Tables(spark, CATALOG, SCHEMA)


def _bytes(output: Path) -> int:
    return sum(file.stat().st_size for file in (output / "warehouse").rglob("*") if file.is_file())


def prepare(args: Namespace) -> int:
    """Fetch the Delta jars when they are missing: Spark does it when it starts."""
    from covid_xray.session import delta_jars_there, local_session

    if not delta_jars_there():
        print("Fetching the Delta jars; this happens once.", file=sys.stderr)
        local_session("local[1]", args.log).stop()
    return 0


def start_cluster(args: Namespace) -> int:
    """Start a Spark cluster on this machine."""
    from jobs.local_cluster import start

    url = start(args.folder, args.workers)
    print(f"{args.workers} workers at {url}; use it with: sh wrapper.sh run ... --master {url}")
    return 0


def stop_cluster(args: Namespace) -> int:
    """Stop that cluster."""
    from jobs.local_cluster import stop

    print(f"{stop(args.folder)} processes ended")
    return 0


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="wrapper.sh", description=__doc__)
    parser.add_argument("--debug", action="store_true", help="show the stack trace of a failure")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_run(commands.add_parser("run", help="one published run, `all` of them, or the `sample`"))
    scoring = commands.add_parser("score", help="new images through a registered model")
    _add_model(scoring, "folder of images, or of folders of images")
    scoring.set_defaults(command=score)
    evaluation = commands.add_parser(
        "evaluate", help="a registered model on a labelled folder from elsewhere"
    )
    _add_model(evaluation, "folder of class folders")
    evaluation.set_defaults(command=evaluate)
    evaluation.add_argument("--patients", type=Path, help=_PATIENTS)
    query = commands.add_parser("sql", help="query the tables of a run, e.g. SELECT * FROM metrics")
    query.set_defaults(command=sql)
    query.add_argument("query")
    _add_output(query)
    query.add_argument("--rows", type=int, default=50, help="to print at most (default: %(default)s)")
    query.add_argument("--width", type=int, default=40, help="of a column (default: %(default)s)")
    superseded = commands.add_parser(
        "clean", help="remove superseded files of a run's tables; not while a run is going on"
    )
    superseded.set_defaults(command=clean)
    _add_output(superseded)
    cluster = commands.add_parser("cluster", help="start or stop a Spark cluster on this machine")
    cluster.add_argument("--folder", type=Path, default=ROOT / ".cluster", help="for logs and process ids")
    actions = cluster.add_subparsers(required=True, metavar="start | stop")
    start = actions.add_parser("start", help=start_cluster.__doc__)
    start.set_defaults(command=start_cluster)
    start.add_argument("--workers", type=int, default=2, help="of one core each (default: %(default)s)")
    actions.add_parser("stop", help=stop_cluster.__doc__).set_defaults(command=stop_cluster)
    jars = commands.add_parser("prepare", help="fetch the Delta jars")
    jars.set_defaults(command=prepare)
    jars.add_argument("--log", type=Path, required=True)
    return parser


def _add_output(parser: ArgumentParser) -> None:
    parser.add_argument("--output", type=Path, default=Path("out"), help="of the run (default: %(default)s)")


def _add_model(parser: ArgumentParser, data: str) -> None:
    parser.add_argument("--data", type=Path, required=True, help=data)
    parser.add_argument(
        "--model", required=True, help="e.g. VGG16_multiclass; VGG16_multiclass/3 for a version"
    )
    _add_output(parser)
    _add_settings(parser)


def _add_settings(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("--config", type=Path, default=ROOT / "config.yaml", help="settings (default: config.yaml)")
    add("--set", action="append", default=[], metavar="KEY=VALUE", help="change one setting; may be repeated")
    add("--debug", action="store_true", help="show the stack trace of a failure")


def _add_run(parser: ArgumentParser) -> None:
    parser.set_defaults(command=run)
    add = parser.add_argument
    add("name", help="<Model>_<task>_classification, all or sample")
    add("--data", type=Path, help="folder of class folders, with manifest.csv beside them if there is one")
    add("--patients", type=Path, help=_PATIENTS)
    add("--weights", help="imagenet (default), random, or a folder or file of weights")
    add("--output", type=Path, help="folder for tables, report and logs (default: out; out/sample)")
    add("--master", default="local[*]", help="local[N], spark://... or sc://... (default: %(default)s)")
    add("--again", action="store_true", help="repeat what has been done")
    _add_settings(parser)


def main(argv: Sequence[str]) -> int:
    """Run a command: 0 for success, 1 for a run that failed, 2 for a request that cannot be met."""
    args = _parser().parse_args(argv)
    # Here, not above: --help must not wait for Spark.
    from covid_xray.errors import CovidXrayError
    from jobgraph import JobGraphError
    from radiograph import FolderError
    from sparkdl import SparkdlError

    try:
        return int(args.command(args))
    except (CovidXrayError, FolderError, JobGraphError, SparkdlError) as error:
        if args.debug:
            raise
        print(f"wrapper.sh: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
